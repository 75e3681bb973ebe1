"""Hypothesis against the view. ``STATSD_FUZZ`` says how many examples; see also ``tests.fuzz.beacons``."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_metrics_statsd.testing import capture
from tests.core.beacons import BOOMERANG, STICK, T, vital
from tests.fuzz.beacons import METHODS, ODD, TYPES, Maker, _encode, _json, asgi, everything_on, main, wsgi
from tests.fuzz.invariants import check

EXAMPLES = int(os.environ.get("STATSD_FUZZ", "300"))
many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

values = st.one_of(st.sampled_from(ODD), st.integers(-5, 700_000).map(str), st.text(max_size=20))
keys = st.sampled_from([*STICK, *BOOMERANG, T + "navigationStart", "rt.quit"]) | st.text(max_size=8)
forms = st.builds(
    lambda base, more: _encode({**base, **more}),
    st.sampled_from([STICK, BOOMERANG, {}]),
    st.dictionaries(keys, values, max_size=5),
)
numbers = st.one_of(st.floats(), st.integers(), st.booleans(), st.none(), st.text(max_size=5))
metrics = st.fixed_dictionaries(
    {"name": st.sampled_from(["LCP", "INP", "CLS", "FCP", "TTFB"]) | st.text(max_size=4), "value": numbers},
    optional={
        "rating": st.sampled_from(["good", "poor"]) | numbers,
        "delta": numbers,
        "navigationType": values,
    },
)
texts = st.one_of(
    st.builds(lambda each: {"client": "vitals", "metrics": each}, st.lists(metrics, max_size=8)),
    st.recursive(
        numbers, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=8
    ),
    st.just(vital("LCP", 5)),
).map(_json)
queries = st.sampled_from(["", "client=vitals", "client=stick", "client", "&" * 99]) | forms.map(bytes.decode)
headers = st.dictionaries(
    st.sampled_from(["User-Agent", "Referer", "Origin", "DNT", "Sec-GPC"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=20),
)


@many
@given(
    st.sampled_from(METHODS), queries, st.sampled_from(TYPES), st.one_of(forms, texts, st.binary()), headers
)
def test_any_beacon_in_both_modes(
    method: str, query: str, content_type: str, body: bytes, given_headers: dict[str, str]
) -> None:
    sent: Any = (method, query, content_type, body, given_headers)
    with everything_on(), capture() as stats:
        check(wsgi(*sent), stats.records)
        stats.clear()
        check(asyncio.run(asgi(*sent)), stats.records)


def test_the_generator_of_random_beacons() -> None:
    seen = asyncio.run(main(EXAMPLES, seed=1))
    assert sum(count for name, count in seen.items() if name.startswith("status")) == EXAMPLES
    assert seen["status 204"] > EXAMPLES / 10


def test_the_same_seed_makes_the_same_beacons() -> None:
    assert [Maker(3).request() for _ in range(5)] == [Maker(3).request() for _ in range(5)]
