"""What boomerang 1.815 sends: epochs, a second beacon on leaving, and forms or query strings."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.beacon import fields
from django_metrics_statsd.beacon.parsers import boomerang
from django_metrics_statsd.testing import Captured
from tests.core.beacons import (
    BOOMERANG,
    BOOMERANG_QUIT,
    IGNORED,
    MODES,
    URL,
    URLS,
    T,
    counts,
    form,
    refused,
    send,
    times,
)

pytestmark = URLS
C = "window.performance.calculated."
N = "window.performance.navigation."
SEEN = {
    T + "domLoading": 123,
    T + "domInteractive": 271,
    T + "domComplete": 275,
    C + "network": 95,
    C + "app": 28,
    C + "dom": 152,
    C + "rendering": 0,
}


@MODES
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_page_load(mode: str, method: str, stats: Captured) -> None:
    if method == "POST":
        answer = send(mode, form(BOOMERANG))
    else:
        answer = send(mode, method="GET", content_type=None, url=f"{URL}?{form(BOOMERANG, sb=None).decode()}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert times(stats) == SEEN
    assert counts(stats) == {N + "type.navigate": 1, N + "redirectCount": 0}


@MODES
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_beacon_of_leaving_does_not_count_again(mode: str, method: str, stats: Captured) -> None:
    body = form(BOOMERANG_QUIT)
    answer = send(mode, body) if method == "POST" else send(mode, method="GET", url=f"{URL}?{body.decode()}")
    assert answer.status_code == 204
    assert [(record.stat, record.value) for record in stats] == [(IGNORED, 1)]


def test_quit_wins_over_the_timings_that_are_repeated(stats: Captured) -> None:
    assert send("sync", form({**BOOMERANG, "rt.quit": ""})).status_code == 204
    assert counts(stats) == {IGNORED: 1}
    assert times(stats) == {}


def test_a_beacon_without_navigation_timing_is_left_out(stats: Captured) -> None:
    xhr = {key: value for key, value in BOOMERANG.items() if not key.startswith("nt_")}
    assert send("sync", form({**xhr, "http.initiator": "xhr"})).status_code == 204
    assert [(record.stat, record.value) for record in stats] == [(IGNORED, 1)]


def test_a_redirect_and_a_page_before_on_the_same_site(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = list(fields.RECORD_KEYS)
    start = int(BOOMERANG["nt_nav_st"])
    more = {"nt_red_st": str(start), "nt_red_end": str(start + 2), "nt_red_cnt": "1"}
    unload = {"nt_unload_st": str(start + 90), "nt_unload_end": str(start + 91)}
    assert send("sync", form({**BOOMERANG, **more, **unload})).status_code == 204
    found = times(stats)
    assert (found[T + "redirectStart"], found[T + "redirectEnd"]) == (0, 2)
    assert (found[T + "unloadEventStart"], found[T + "unloadEventEnd"]) == (90, 91)
    assert counts(stats)[N + "redirectCount"] == 1


def test_fields_that_do_not_apply_may_be_absent(stats: Captured) -> None:
    few = {key: value for key, value in BOOMERANG.items() if key in {"client", "nt_nav_st", "nt_domcomp"}}
    assert send("sync", form(few)).status_code == 204
    assert times(stats) == {T + "domComplete": 275}
    assert counts(stats) == {}


def test_each_known_key_has_its_name(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = list(fields.RECORD_KEYS)
    assert {name for _, name in boomerang._KEYS} == set(fields.TIMING_KEYS)
    for number, (key, name) in enumerate(boomerang._KEYS):
        stats.clear()
        body = form({"client": "boomerang", "nt_nav_st": "1000", key: str(1000 + number)})
        assert send("sync", body).status_code == 204
        assert times(stats)[name] == number


def test_a_bad_field_is_named_by_our_name(stats: Captured) -> None:
    answer = send("sync", form({**BOOMERANG, "nt_domcomp": "1795327349996.5", "nt_nav_type": "9"}))
    assert answer.status_code == 400
    assert T + "domComplete" in answer.content.decode()
    assert refused(stats) == {"not_whole": 1, "unknown_value": 1}
    assert times(stats)[T + "domInteractive"] == 271


@pytest.mark.parametrize("late", [600_001, -1])
def test_more_than_ten_minutes_after_the_start_or_before_it(late: int, stats: Captured) -> None:
    start = int(BOOMERANG["nt_nav_st"])
    data = {"client": "boomerang", "nt_nav_st": str(start), "nt_domcomp": str(start + late)}
    assert send("sync", form(data)).status_code == 400
    assert refused(stats) == {"out_of_range": 1}
    assert times(stats) == {}


def test_a_start_that_is_no_number(stats: Captured) -> None:
    assert send("sync", form({**BOOMERANG, "nt_nav_st": "soon"})).status_code == 400
    assert refused(stats) == {"not_a_number": 1}
    assert times(stats) == {}


def test_what_it_was_about_becomes_no_name(stats: Captured) -> None:
    send("sync", form({**BOOMERANG, "u": "http://evil/a:1|c", "view": "x", "pid": "y"}))
    assert set(times(stats)) == set(SEEN)
