"""The beacon's settings: what they may be, and what becomes of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.beacon import fields
from django_metrics_statsd.conf import Conf, Setting, conf
from django_metrics_statsd.testing import Captured
from tests.core.beacons import URLS, T, send, stick, times

pytestmark = URLS
N = "window.performance.navigation."


def problem(name: str) -> str | None:
    setting: Setting[Any] = vars(Conf)[name]
    return setting.problem()


def test_the_seeds_default_keys() -> None:
    assert set(conf.STATSD_RECORD_KEYS) == {
        T + "domComplete",
        T + "domInteractive",
        T + "domLoading",
        N + "redirectCount",
        N + "type",
    }


def test_the_other_defaults() -> None:
    assert conf.STATSD_RECORD_GUARD == ["django_metrics_statsd.beacon.guards.honour_privacy"]
    assert conf.STATSD_RECORD_SEGMENTS == ()
    assert conf.STATSD_RECORD_COUNTRY is None
    assert frozenset() == conf.STATSD_RECORD_ORIGINS
    assert (conf.STATSD_RECORD_MAX_BYTES, conf.STATSD_RECORD_MAX_KEYS) == (8192, 64)


GOOD: list[tuple[str, Any]] = [
    ("STATSD_RECORD_KEYS", []),
    ("STATSD_RECORD_KEYS", set(fields.RECORD_KEYS)),
    ("STATSD_RECORD_GUARD", None),
    ("STATSD_RECORD_GUARD", []),
    ("STATSD_RECORD_GUARD", len),
    ("STATSD_RECORD_GUARD", "a.b"),
    ("STATSD_RECORD_GUARD", (len, "a.b")),
    ("STATSD_RECORD_SEGMENTS", ["device", "route"]),
    ("STATSD_RECORD_COUNTRY", "CF-IPCountry"),
    ("STATSD_RECORD_COUNTRY", "a.b"),
    ("STATSD_RECORD_COUNTRY", len),
    ("STATSD_RECORD_ORIGINS", ["https://a.example", "http://localhost:8000"]),
    ("STATSD_RECORD_MAX_BYTES", 256),
    ("STATSD_RECORD_MAX_BYTES", "9000"),
    ("STATSD_RECORD_MAX_KEYS", 1),
]
BAD: list[tuple[str, Any]] = [
    ("STATSD_RECORD_KEYS", "window.performance.timing.domComplete"),
    ("STATSD_RECORD_KEYS", ["domComplete"]),
    ("STATSD_RECORD_KEYS", [5]),
    ("STATSD_RECORD_KEYS", [[]]),
    ("STATSD_RECORD_KEYS", None),
    ("STATSD_RECORD_GUARD", 5),
    ("STATSD_RECORD_GUARD", "guard"),
    ("STATSD_RECORD_GUARD", [None]),
    ("STATSD_RECORD_SEGMENTS", "device"),
    ("STATSD_RECORD_SEGMENTS", ["browser"]),
    ("STATSD_RECORD_COUNTRY", "CF_IPCountry"),
    ("STATSD_RECORD_COUNTRY", 5),
    ("STATSD_RECORD_COUNTRY", ""),
    ("STATSD_RECORD_ORIGINS", "https://a.example"),
    ("STATSD_RECORD_ORIGINS", ["*"]),
    ("STATSD_RECORD_ORIGINS", ["a.example"]),
    ("STATSD_RECORD_ORIGINS", ["https://a.example/path"]),
    ("STATSD_RECORD_ORIGINS", ["https://user@a.example"]),
    ("STATSD_RECORD_ORIGINS", [5]),
    ("STATSD_RECORD_MAX_BYTES", 100),
    ("STATSD_RECORD_MAX_BYTES", 10**6),
    ("STATSD_RECORD_MAX_KEYS", 0),
    ("STATSD_RECORD_MAX_KEYS", True),
]


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_good_values(name: str, value: Any, settings: Any) -> None:
    setattr(settings, name, value)
    assert problem(name) is None
    getattr(conf, name)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_bad_values_are_named_and_the_default_is_used(name: str, value: Any, settings: Any) -> None:
    default = getattr(conf, name)
    setattr(settings, name, value)
    assert (problem(name) or "").startswith(f"{name} is {value!r}, but it ")
    assert getattr(conf, name) == default


def test_origins_are_compared_without_case_and_slash(settings: Any) -> None:
    settings.STATSD_RECORD_ORIGINS = ["HTTPS://A.Example/"]
    assert {"https://a.example"} == conf.STATSD_RECORD_ORIGINS


def test_a_change_is_seen_by_the_next_beacon(settings: Any, stats: Captured) -> None:
    send("sync", stick())
    assert T + "loadEventEnd" not in times(stats)
    settings.STATSD_RECORD_KEYS = [T + "loadEventEnd"]
    stats.clear()
    send("sync", stick())
    assert times(stats)[T + "loadEventEnd"] == 276
