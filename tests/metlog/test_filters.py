from __future__ import annotations

from django_metrics_statsd.metlog import filters


def test_severity_max():
    passes = filters.severity_max_provider(severity=4)
    assert [passes({"severity": n}) for n in (0, 4, 5)] == [True, True, False]
    assert passes.__name__ == "severity_max"


def test_type_blacklist():
    passes = filters.type_blacklist_provider(types=["timer", "counter"])
    assert [passes({"type": t}) for t in ("timer", "other")] == [False, True]


def test_type_whitelist():
    passes = filters.type_whitelist_provider(types=["timer", "counter"])
    assert [passes({"type": t}) for t in ("timer", "other")] == [True, False]


def test_single_type_is_not_searched_for_letters():
    passes = filters.type_whitelist_provider(types="timer")
    assert [passes({"type": t}) for t in ("timer", "time", "t")] == [True, False, False]


def test_type_severity_max():
    types = {"oldstyle": {"severity": 4}, "timer": {"severity": 6}}
    passes = filters.type_severity_max_provider(types=types)
    assert passes({"type": "oldstyle", "severity": 4})
    assert not passes({"type": "oldstyle", "severity": 5})
    assert not passes({"type": "timer", "severity": 7})
    assert passes({"type": "other", "severity": 7})
    assert types == {"oldstyle": {"severity": 4}, "timer": {"severity": 6}}
