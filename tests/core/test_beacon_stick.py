"""What stick sends, now and in its old copies, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.beacon import fields
from django_metrics_statsd.testing import Captured
from tests.core.beacons import (
    EPOCH,
    IGNORED,
    MODES,
    OLD_STICK,
    STICK,
    URLS,
    T,
    assert_nothing_but,
    counts,
    form,
    only,
    refused,
    send,
    stick,
    times,
)

pytestmark = URLS
C = "window.performance.calculated."
N = "window.performance.navigation."
ALL = [*fields.RECORD_KEYS]


@MODES
def test_the_seeds_keys_and_the_summaries(mode: str, stats: Captured) -> None:
    answer = send(mode, stick())
    assert (answer.status_code, answer.content) == (204, b"")
    assert times(stats) == {
        T + "domLoading": 123,
        T + "domInteractive": 271,
        T + "domComplete": 275,
        C + "network": 96,
        C + "app": 27,
        C + "dom": 152,
        C + "rendering": 1,
    }
    assert counts(stats) == {N + "type.reload": 1, N + "redirectCount": 0}


def test_the_lines_that_the_seed_promised(wire: Any) -> None:
    assert send("sync", form(OLD_STICK)).status_code == 204
    lines = set(wire.lines())
    assert {
        "window.performance.timing.domComplete:5309|ms",
        "window.performance.timing.domInteractive:3819|ms",
        "window.performance.timing.domLoading:1780|ms",
        "window.performance.navigation.redirectCount:0|c",
        "window.performance.navigation.type.reload:1|c",
    } <= lines
    assert lines - {line for line in lines if "calculated" in line} == {
        line for line in lines if ".timing." in line or ".navigation." in line
    }


@MODES
def test_old_copies_send_epochs_of_which_0_means_that_there_was_none(
    mode: str, settings: Any, stats: Captured
) -> None:
    settings.STATSD_RECORD_KEYS = ALL
    assert send(mode, form(OLD_STICK)).status_code == 204
    found = times(stats)
    assert found[T + "fetchStart"] == 1
    assert found[T + "responseStart"] == found[C + "network"] == 1200
    assert found[C + "app"] == 580
    assert found[C + "dom"] == 3529
    assert found[C + "rendering"] == 91
    for absent in ("unloadEventStart", "redirectStart", "redirectEnd", "secureConnectionStart"):
        assert T + absent not in found
    assert refused(stats) == {}


def test_nothing_is_named_navigation_start(settings: Any, stats: Captured) -> None:
    send("sync", form(OLD_STICK))
    stats.assert_not(T + "navigationStart")


def test_an_old_copy_whose_clock_is_not_at_the_navigations_start(stats: Captured) -> None:
    data = {**OLD_STICK, T + "domComplete": str(EPOCH - 1), T + "loadEventEnd": "1"}
    answer = send("sync", form(data))
    assert answer.status_code == 400
    assert refused(stats) == {"out_of_range": 2}
    assert T + "domComplete" not in times(stats)
    assert times(stats)[T + "domInteractive"] == 3819


def test_epochs_without_a_start_are_no_times(stats: Captured) -> None:
    assert send("sync", only(domComplete=str(EPOCH))).status_code == 400
    assert_nothing_but(stats, out_of_range=1)


@pytest.mark.parametrize("start", ["x", "-1", "1e12", "9" * 400, "", " 5"])
def test_a_bad_start_leaves_no_time_but_the_kind_of_navigation(start: str, stats: Captured) -> None:
    answer = send("sync", form({**OLD_STICK, T + "navigationStart": start}))
    assert answer.status_code == 400
    assert times(stats) == {}
    assert counts(stats)[N + "type.reload"] == 1
    assert sum(refused(stats).values()) == 1


def test_start_0_is_as_good_as_none(stats: Captured) -> None:
    assert send("sync", form({**STICK, T + "navigationStart": "0"})).status_code == 204
    assert times(stats)[T + "domComplete"] == 275


@pytest.mark.parametrize("name", fields.INSTANTS)
def test_each_timing_key_can_be_recorded(name: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = [T + name]
    assert send("sync", only(**{name: "17"})).status_code == 204
    assert times(stats)[T + name] == 17
    assert counts(stats) == {}


def test_only_the_keys_asked_for_are_recorded_and_always_the_summaries(
    settings: Any, stats: Captured
) -> None:
    settings.STATSD_RECORD_KEYS = [T + "loadEventEnd"]
    send("sync", stick())
    assert set(times(stats)) == {T + "loadEventEnd", C + "network", C + "app", C + "dom", C + "rendering"}
    assert counts(stats) == {}


def test_no_keys_at_all(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = []
    assert send("sync", stick()).status_code == 204
    assert set(times(stats)) == {C + "network", C + "app", C + "dom", C + "rendering"}


@pytest.mark.parametrize(
    ("timings", "summaries"),
    [
        ({"responseStart": "5"}, {"network": 5}),
        ({"responseStart": "0"}, {"network": 0}),
        ({"responseStart": "9", "domLoading": "5"}, {"network": 9, "app": 0}),
        ({"domLoading": "5"}, {}),
        ({"domLoading": "5", "domComplete": "6"}, {"dom": 1}),
        ({"domComplete": "6", "loadEventEnd": "9"}, {"rendering": 3}),
        ({"loadEventEnd": "9"}, {}),
    ],
)
def test_a_summary_needs_both_ends_and_is_never_below_0(
    timings: dict[str, str], summaries: dict[str, int], stats: Captured
) -> None:
    assert send("sync", only(**timings)).status_code == 204
    assert {name.removeprefix(C): ms for name, ms in times(stats).items() if name.startswith(C)} == summaries


@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("0", "navigate"),
        ("1", "reload"),
        ("2", "back_forward"),
        ("255", "reserved"),
        ("navigate", "navigate"),
        ("reload", "reload"),
        ("back_forward", "back_forward"),
        ("back-forward", "back_forward"),
        ("prerender", "prerender"),
        ("back_forward_cache", "back_forward_cache"),
        ("back-forward-cache", "back_forward_cache"),
        ("soft_navigation", "soft_navigation"),
        ("soft-navigation", "soft_navigation"),
    ],
)
def test_a_beacon_with_only_the_kind_of_navigation(sent: str, word: str, stats: Captured) -> None:
    assert send("sync", form({"client": "stick", N + "type": sent})).status_code == 204
    assert [(record.stat, record.value) for record in stats] == [(N + "type." + word, 1)]


@pytest.mark.parametrize("kind", ["3", "", "reload ", "RELOAD", "reload.x", "\u0661", "00"])
def test_no_kind_of_navigation_comes_from_the_client(kind: str, stats: Captured) -> None:
    answer = send("sync", form({"client": "stick", N + "type": kind, N + "redirectCount": "2"}))
    assert answer.status_code == 400
    assert refused(stats) == {"unknown_value": 1}
    assert counts(stats)[N + "redirectCount"] == 2
    assert len(stats) == 2


@pytest.mark.parametrize("count", ["0", "1", "20", "007"])
def test_redirects_are_counted(count: str, stats: Captured) -> None:
    assert send("sync", form({"client": "stick", N + "redirectCount": count})).status_code == 204
    assert counts(stats) == {N + "redirectCount": int(count)}


@pytest.mark.parametrize("count", ["21", "-1", "1.5", "", "many"])
def test_too_many_redirects_are_refused(count: str, stats: Captured) -> None:
    assert send("sync", form({"client": "stick", N + "redirectCount": count})).status_code == 400
    assert sum(refused(stats).values()) == len(stats) == 1


@MODES
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("600001", "out_of_range"),
        ("-1", "out_of_range"),
        ("-0.5", "out_of_range"),
        ("99999999999999999999", "out_of_range"),
        ("9" * 5000, "out_of_range"),
        ("1.5", "not_whole"),
        ("5.0", "not_whole"),
        ("1e3", "not_whole"),
        ("+5", "not_whole"),
        ("-0", "not_whole"),
        (" 5", "not_whole"),
        ("5\n", "not_whole"),
        ("1_000", "not_whole"),
        ("\N{ARABIC-INDIC DIGIT FIVE}", "not_whole"),
        ("\N{SUPERSCRIPT TWO}", "not_a_number"),
        ("NaN", "not_finite"),
        ("Infinity", "not_finite"),
        ("-Infinity", "not_finite"),
        ("1e999", "not_finite"),
        ("", "not_a_number"),
        ("0x10", "not_a_number"),
        ("true", "not_a_number"),
        ("null", "not_a_number"),
        ("undefined", "not_a_number"),
        ("5;5", "not_a_number"),
        ("5\0", "not_a_number"),
        ("5:1|c\nadmin.logins", "not_a_number"),
    ],
)
def test_a_bad_field_is_refused_and_the_rest_recorded(
    mode: str, value: str, reason: str, stats: Captured
) -> None:
    answer = send(mode, stick(domComplete=value))
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")
    said = answer.content.decode()
    assert T + "domComplete" in said
    assert reason in said
    assert refused(stats) == {reason: 1}
    assert set(times(stats)) == {T + "domLoading", T + "domInteractive", C + "network", C + "app"}


@pytest.mark.parametrize("value", ["0", "600000", "000005"])
def test_the_ends_of_the_range(value: str, stats: Captured) -> None:
    assert send("sync", only(domComplete=value)).status_code == 204
    assert times(stats) == {T + "domComplete": int(value)}


@pytest.mark.parametrize("chain", fields.CHAINS)
def test_what_comes_before_its_predecessor_is_refused(
    chain: tuple[str, ...], settings: Any, stats: Captured
) -> None:
    settings.STATSD_RECORD_KEYS = ALL
    first, *_, last = chain
    answer = send("sync", only(**{first: "10", last: "9"}))
    assert answer.status_code == 400
    assert T + last in answer.content.decode()
    assert T + first in answer.content.decode()
    assert refused(stats) == {"out_of_order": 1}
    assert times(stats)[T + first] == 10
    assert T + last not in times(stats)


def test_equal_instants_are_in_order(stats: Captured) -> None:
    assert send("sync", only(domLoading="7", domInteractive="7", domComplete="7")).status_code == 204


def test_one_instant_out_of_order_takes_no_other_with_it(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = ALL
    assert send("sync", only(domLoading="7", domInteractive="3", domComplete="8")).status_code == 400
    found = times(stats)
    assert (found[T + "domLoading"], found[T + "domComplete"], found[C + "dom"]) == (7, 8, 1)
    assert T + "domInteractive" not in found


def test_each_reason_is_counted(stats: Captured) -> None:
    answer = send("sync", stick(domComplete="x", domInteractive="nan", domLoading="-5", loadEventEnd="1.5"))
    assert answer.status_code == 400
    assert refused(stats) == {"not_a_number": 1, "not_finite": 1, "out_of_range": 1, "not_whole": 1}
    assert len(answer.content.splitlines()) == 4


def test_fields_that_nobody_knows_are_passed_over(stats: Captured) -> None:
    body = form({"client": "stick", "window.performance.timing.evil": "5", "a:1|c\nb": "5", T: "3"})
    assert send("sync", body).status_code == 204
    assert [record.stat for record in stats.records] == [IGNORED]


def test_a_tls_handshake_before_everything_else(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = ALL
    body = only(secureConnectionStart="0", workerStart="900", connectStart="5", connectEnd="5")
    assert send("sync", body).status_code == 204
    assert times(stats)[T + "secureConnectionStart"] == 0
