"""Beacons of pages of other origins."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.testing import Captured
from tests.core.beacons import MODES, URLS, send, stick, times

pytestmark = URLS
ORIGIN = "https://shop.example.com"


def cors(answer: Any) -> dict[str, str]:
    return {key: value for key, value in answer.headers.items() if key.startswith("Access-Control-")}


@MODES
def test_an_allowed_origin(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_ORIGINS = [ORIGIN]
    answer = send(mode, stick(), Origin=ORIGIN)
    assert answer.status_code == 204
    assert cors(answer) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
    }
    assert answer["Vary"] == "Origin"
    assert times(stats)


@MODES
def test_a_preflight(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_ORIGINS = [ORIGIN]
    settings.STATSD_RECORD_GUARD = "django_metrics_statsd.beacon.guards.same_origin"
    headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = send(mode, method="OPTIONS", Origin=ORIGIN, **headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert cors(answer) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "7200",
    }
    stats.assert_nothing()


@MODES
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://shop.example.com",
        ORIGIN + ":444",
        ORIGIN + "/",
        ORIGIN + ".evil",
        "*",
    ],
)
def test_other_origins(mode: str, method: str, origin: str, settings: Any) -> None:
    settings.STATSD_RECORD_ORIGINS = [ORIGIN]
    answer = send(mode, stick(), method=method, Origin=origin)
    assert cors(answer) == {}
    assert answer["Vary"] == "Origin"


def test_nothing_unless_asked_for() -> None:
    answer = send("sync", stick(), Origin=ORIGIN)
    assert cors(answer) == {}
    assert "Vary" not in answer.headers


def test_refusals_can_be_read_too(settings: Any) -> None:
    settings.STATSD_RECORD_ORIGINS = [ORIGIN]
    for answer in (send("sync", b"junk", Origin=ORIGIN), send("sync", stick(), Origin=ORIGIN, DNT="1")):
        assert cors(answer)["Access-Control-Allow-Origin"] == ORIGIN
