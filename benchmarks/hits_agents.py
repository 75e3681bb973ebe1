"""How long does a user agent take: with the user-agents package, by our road, and once it is remembered?

Not among the default questions. The strings are those of the tests, and there are more of them than
ua-parser remembers; so the package reads each one anew, and so do we where our cache is passed by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from benchmarks.report import Table

ROUNDS, REPEATED = 9, 20_000
STRINGS = Path(__file__).parents[1] / "tests" / "hits" / "data" / "user_agents.txt"

#: What `.ci/install-services` fetches; without it a hit gets no place.
PLACES = Path(__file__).parents[1] / ".cache" / "geoip" / "GeoIP2-City-Test.mmdb"


def _strings() -> list[str]:
    lines = STRINGS.read_text(encoding="utf-8").split("\n")
    return [line for line in lines if line and line.isascii() and not line.startswith("# ")]


def _each(call: Callable[[Any], Any], what: list[Any]) -> float:
    """Return the microseconds that one call takes."""
    start = time.perf_counter()
    for one in what:
        call(one)
    return (time.perf_counter() - start) / len(what) * 1e6


def _record(text: str) -> Any:
    from django_metrics_statsd.hits.records import HitRecord

    now = datetime.now(UTC)
    texts = ("site", "GET", "/", "", "", "", 200, "OK", 1.0, 1, 0, 0.0, "81.2.69.142", text, "", "")
    return HitRecord(UUID(int=1), now, *texts, False, False, False)


def measure() -> dict[str, float]:
    """Return microseconds of each, medians of `ROUNDS` rounds in turns."""
    import user_agents

    from django_metrics_statsd.hits.enrichment import agents
    from django_metrics_statsd.hits.enrichment.enrich import enrich

    strings = _strings()
    ways: dict[str, tuple[Callable[[Any], Any], Callable[[], list[Any]]]] = {
        "user_agents": (user_agents.parse, lambda: strings),
        "ours": (agents._parse.__wrapped__, lambda: strings),
        "user_agents, the same again": (user_agents.parse, lambda: strings[:1] * REPEATED),
        "ours, remembered": (agents.parse, lambda: strings[:1] * REPEATED),
        "enrich": (enrich, lambda: [_record(strings[0]) for _ in range(REPEATED)]),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (call, make) in ways.items():
            found[name].append(_each(call, make()))
    return {name: median(figures) for name, figures in found.items()}


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    from django.conf import settings

    if not settings.configured:
        settings.configure(GEOIP_PATH=str(PLACES) if PLACES.exists() else None)
    figures = measure()
    table = Table(f"What a user agent costs, {len(_strings())} strings (median of {ROUNDS} rounds)")
    table.add("read anew", "agents.parse", figures["ours"], "µs")
    table.add("", "user_agents.parse", figures["user_agents"], "µs", figures["ours"])
    table.add("once more", "agents.parse", figures["ours, remembered"], "µs")
    table.add(
        "", "user_agents.parse", figures["user_agents, the same again"], "µs", figures["ours, remembered"]
    )
    table.add("a hit whose agent and address are remembered", "enrich", figures["enrich"], "µs")
    yield table
