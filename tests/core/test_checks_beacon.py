"""Checks of the beacon's settings: what is missing is named, with what to do."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.core.checks import CheckMessage

from django_metrics_statsd import checks
from django_metrics_statsd.beacon.guards import RatePerAddress, all_of, no_bots, same_origin

GUARDS = "django_metrics_statsd.beacon.guards."
LOCMEM = "django.core.cache.backends.locmem.LocMemCache"
FILES = "django.core.cache.backends.filebased.FileBasedCache"


def texts(found: list[CheckMessage]) -> str:
    return "\n".join(f"{message.id} {message.msg} {message.hint}" for message in found)


def test_default_settings_have_no_problem() -> None:
    assert checks.check_guards() == checks.check_beacon() == []


def test_guard_that_is_not_there_is_named(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = [GUARDS + "same_origin", GUARDS + "same_orign"]
    found = texts(checks.check_guards())
    assert "E005" in found
    assert "same_orign" in found
    assert "no beacon is let in" in found


def test_guard_that_is_no_function_is_named(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = "sys.version"
    assert "no function" in texts(checks.check_guards())


def test_country_needs_a_source(settings: Any) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["country"]
    assert "STATSD_RECORD_COUNTRY" in texts(checks.check_beacon())
    settings.STATSD_RECORD_COUNTRY = "CF-IPCountry"
    assert checks.check_beacon() == []


@pytest.mark.parametrize("wanted", [{"STATSD_RECORD_SEGMENTS": ["device"]}, {"STATSD_RECORD_GUARD": no_bots}])
def test_devices_need_the_package(settings: Any, monkeypatch: pytest.MonkeyPatch, wanted: Any) -> None:
    for name, value in wanted.items():
        setattr(settings, name, value)
    assert checks.check_beacon() == []
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "user_agents", raising=False)
    assert "django-metrics-statsd[hits]" in texts(checks.check_beacon())


@pytest.mark.parametrize(
    ("backend", "debug", "said"),
    [
        (LOCMEM, False, "each process's own"),
        (LOCMEM, True, ""),
        (FILES, False, ""),
        ("django.core.cache.backends.dummy.DummyCache", False, "keeps nothing"),
    ],
)
def test_rate_guard_needs_a_shared_cache(settings: Any, backend: str, debug: bool, said: str) -> None:
    settings.DEBUG = debug
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "/nowhere"}}
    settings.STATSD_RECORD_GUARD = all_of(same_origin, RatePerAddress(5))
    found = texts(checks.check_beacon())
    assert said in found
    assert bool(said) == bool(found)


def test_rate_guard_with_an_unknown_cache_is_named(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = RatePerAddress(5, cache="sharde")
    assert "'sharde', which CACHES has not" in texts(checks.check_beacon())
