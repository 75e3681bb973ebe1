"""What browsers report to the beacon, as records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import override_settings
from django.utils import translation

from django_metrics_statsd.beacon import fields, listeners
from django_metrics_statsd.beacon.beacons import Beacon
from django_metrics_statsd.hits.events import connecting
from django_metrics_statsd.hits.records import NAME, TimingRecord, pack, unpack
from django_metrics_statsd.hits.testing import Kept, capture_records
from django_metrics_statsd.testing import Captured
from tests.core.beacons import BOOMERANG, MODES, STICK, TEXT, URLS, VITALS, form, refused, send, stick, text

pytestmark = URLS

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Django's LocaleMiddleware leaves a request's language active."""
    yield
    translation.deactivate()


@pytest.fixture
def listening() -> Iterator[None]:
    with override_settings(WT_BROWSER=True):
        connecting.connect()
        yield
        connecting.disconnect()


@pytest.fixture
def records(listening: None) -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


def the_timing(records: Kept) -> Any:
    """The only record, as it arrives at the other end."""
    (record,) = records.settle()
    return unpack(pack(record))


@MODES
def test_a_beacon_is_a_record_besides_its_stats(mode: str, records: Kept, stats: Captured) -> None:
    assert send(mode, stick(), user_agent=PHONE).status_code == 204
    timing = the_timing(records)
    assert isinstance(timing, TimingRecord)
    assert (timing.site, timing.client) == ("default", "stick")
    assert (timing.route, timing.device) == ("shop/number", "mobile")
    assert (timing.connection, timing.navigation, timing.country) == ("4g", "reload", "unknown")
    assert timing.values == {
        "timing.domComplete": 275.0,
        "timing.domInteractive": 271.0,
        "timing.domLoading": 123.0,
        "navigation.redirectCount": 0.0,
        "navigation.type.reload": 1.0,
        "calculated.network": 96.0,
        "calculated.app": 27.0,
        "calculated.dom": 152.0,
        "calculated.rendering": 1.0,
    }
    stats.assert_timing("window.performance.timing.domComplete", 275)


@MODES
def test_boomerang(mode: str, records: Kept) -> None:
    send(mode, form(BOOMERANG), cf_ipcountry="de")
    timing = the_timing(records)
    assert (timing.client, timing.route, timing.navigation) == ("boomerang", "shop/number", "navigate")
    assert timing.values["timing.domComplete"] == 275.0
    assert timing.values["navigation.type.navigate"] == 1.0


@MODES
def test_web_vitals(mode: str, records: Kept, settings: Any) -> None:
    settings.STATSD_RECORD_COUNTRY = "CF-IPCountry"
    send(mode, text(VITALS), TEXT, cf_ipcountry="de")
    timing = the_timing(records)
    assert (timing.client, timing.connection, timing.country) == ("vitals", "3g", "DE")
    assert timing.values == {
        "vitals.LCP": 124.0,
        "vitals.LCP.good": 1.0,
        "vitals.INP": 208.0,
        "vitals.INP.needs_improvement": 1.0,
        "vitals.CLS": 100.0,  # thousandths, as in the stats
        "vitals.CLS.needs_improvement": 1.0,
        "vitals.FCP": 3001.0,
        "vitals.FCP.poor": 1.0,
        "vitals.TTFB": 11.0,
        "vitals.TTFB.good": 1.0,
    }


@MODES
def test_what_a_guard_refuses_is_no_record(mode: str, records: Kept, stats: Captured) -> None:
    assert send(mode, stick(), dnt="1").status_code == 204
    assert records.settle() == []
    assert refused(stats) == {"privacy": 1}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TEXT),
        (b"client=stick", TEXT),
        (b"client=nobody&a=1", TEXT),
        (b"{", "application/json"),
        (stick(domComplete="-1", domInteractive="x", domLoading="9" * 400)[:200], TEXT),
    ],
)
def test_what_holds_nothing_is_no_record(body: bytes, content_type: str, records: Kept) -> None:
    send("sync", body, content_type)
    assert records.settle() == []


def test_of_a_beacon_that_is_partly_refused_the_good_part_is_recorded(records: Kept) -> None:
    assert send("sync", stick(domComplete="x")).status_code == 400
    values = the_timing(records).values
    assert "timing.domComplete" not in values
    assert values["timing.domInteractive"] == 271.0


def test_the_pages_address_is_recorded_as_its_pattern_only(records: Kept) -> None:
    pages = ["/shop/7/?token=hunter2", "/nowhere/hunter2", "https://evil.example/hunter2", "x" * 5_000]
    for page in pages:
        send("sync", form(STICK, page=page))
    found: list[Any] = list(records.settle())
    assert [record.route for record in found] == ["shop/number", "unresolved", "unresolved", "unresolved"]
    assert not any(b"hunter2" in pack(record) for record in found)


def test_every_name_fits_into_a_record(records: Kept, settings: Any) -> None:
    settings.STATSD_RECORD_KEYS = list(fields.RECORD_KEYS)
    send("sync", stick())
    assert len(the_timing(records).values) >= 19


def test_a_long_route_is_cut(records: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    from django_metrics_statsd.beacon import segments

    monkeypatch.setitem(segments._SEGMENTS, "route", lambda request, beacon: "r" * 1_000)
    send("sync", stick())
    assert len(the_timing(records).route) == NAME


def test_nothing_is_recorded_unless_asked_for() -> None:
    with capture_records() as records:
        connecting.connect()
        send("sync", stick())
        assert records.settle() == []


def test_nothing_is_recorded_while_the_site_has_stopped_that(records: Kept) -> None:
    with override_settings(WT_STOP=True):
        send("sync", stick())
    assert records.settle() == []


def test_a_listener_that_fails_spoils_neither_stats_nor_answer(
    records: Kept, stats: Captured, faults: dict[str, int]
) -> None:
    def fail(request: HttpRequest, beacon: Beacon) -> None:
        raise RuntimeError("no")

    listeners.unlisten(fail)
    before = listeners._listeners
    listeners.listen(fail)
    listeners.listen(fail)
    try:
        assert send("sync", stick()).status_code == 204
    finally:
        listeners.unlisten(fail)
    assert listeners._listeners == before
    assert faults == {"beacon.listeners": 1}
    stats.assert_timing("window.performance.timing.domComplete")
    assert len(records.settle()) == 1


def test_a_country_function_that_fails_spoils_nothing(
    records: Kept, settings: Any, faults: dict[str, int]
) -> None:
    def fail(request: HttpRequest) -> str:
        raise RuntimeError("no")

    settings.STATSD_RECORD_COUNTRY = fail
    assert send("sync", stick()).status_code == 204
    assert the_timing(records).country == "unknown"
    assert faults == {"beacon.country": 1}
