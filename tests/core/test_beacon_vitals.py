"""Web Vitals as JSON: stick's list of them, and what the web-vitals package gives its callbacks."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.beacon import fields
from django_metrics_statsd.testing import Captured
from tests.core.beacons import (
    FORM,
    IGNORED,
    JSON,
    MODES,
    TEXT,
    URL,
    URLS,
    VITALS,
    assert_nothing_but,
    counts,
    refused,
    send,
    text,
    times,
    vital,
)

pytestmark = URLS
V = fields.VITALS


def one(metric: Any, mode: str = "sync") -> Any:
    return send(mode, text(metric), TEXT, url=URL + "?client=vitals")


def several(*metrics: Any) -> Any:
    return send("sync", text({"client": "vitals", "metrics": metrics}), TEXT)


@MODES
@pytest.mark.parametrize("content_type", [TEXT, JSON, "application/json; charset=utf-8", ""])
def test_all_five(mode: str, content_type: str, stats: Captured) -> None:
    answer = send(mode, text(VITALS), content_type)
    assert (answer.status_code, answer.content) == (204, b"")
    assert times(stats) == {V + "LCP": 124, V + "INP": 208, V + "CLS": 100, V + "FCP": 3001, V + "TTFB": 11}
    assert counts(stats) == {
        V + "LCP.good": 1,
        V + "INP.needs_improvement": 1,
        V + "CLS.needs_improvement": 1,
        V + "FCP.poor": 1,
        V + "TTFB.good": 1,
    }


def test_they_are_recorded_whatever_the_keys(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_KEYS = []
    assert send("sync", text(VITALS), TEXT).status_code == 204
    assert len(stats) == 10


@MODES
def test_one_metric_as_web_vitals_gives_it(mode: str, stats: Captured) -> None:
    metric = {
        "name": "FCP",
        "value": 124,
        "rating": "good",
        "delta": 124,
        "entries": [{"name": "first-contentful-paint", "entryType": "paint", "startTime": 124}],
        "id": "v6-1795327358058-2790504464897",
        "navigationType": "navigate",
        "navigationId": 4848,
        "navigationURL": "http://127.0.0.1/wv.html",
        "navigationStartTime": 0,
    }
    assert one(metric, mode).status_code == 204
    assert times(stats) == {V + "FCP": 124}
    assert counts(stats) == {V + "FCP.good": 1}


@pytest.mark.parametrize(
    ("name", "value", "rating"),
    [
        ("LCP", 2500, "good"),
        ("LCP", 2500.1, "needs_improvement"),
        ("LCP", 4000, "needs_improvement"),
        ("LCP", 4001, "poor"),
        ("INP", 200, "good"),
        ("INP", 500, "needs_improvement"),
        ("INP", 501, "poor"),
        ("CLS", 0, "good"),
        ("CLS", 0.1, "good"),
        ("CLS", 0.25, "needs_improvement"),
        ("CLS", 0.26, "poor"),
        ("FCP", 1800, "good"),
        ("FCP", 3000, "needs_improvement"),
        ("FCP", 3000.5, "poor"),
        ("TTFB", 800, "good"),
        ("TTFB", 1800, "needs_improvement"),
        ("TTFB", 1801, "poor"),
    ],
)
def test_without_a_rating_the_thresholds_of_web_dev(
    name: str, value: float, rating: str, stats: Captured
) -> None:
    assert one({"name": name, "value": value}).status_code == 204
    assert counts(stats) == {f"{V}{name}.{rating}": 1}


@pytest.mark.parametrize(
    ("value", "recorded"),
    [(0, 0), (-0.0, 0), (0.1, 100), (0.0004, 0), (0.1005, 100), (1.2345, 1234), (100, 100_000)],
)
def test_layout_shift_goes_in_thousandths(value: float, recorded: int, stats: Captured) -> None:
    assert one({"name": "CLS", "value": value}).status_code == 204
    assert times(stats) == {V + "CLS": recorded}
    assert all(isinstance(record.value, int) for record in stats)


def test_a_repeated_report_is_left_out(stats: Captured) -> None:
    assert one(vital("CLS", 0.3, delta=0.2)).status_code == 204
    assert [(record.stat, record.value) for record in stats] == [(IGNORED, 1)]


def test_among_others_too(stats: Captured) -> None:
    assert several(vital("CLS", 0.3, delta=0.2), vital("LCP", 5)).status_code == 204
    assert times(stats) == {V + "LCP": 5}


def test_without_a_delta_the_value_is_all(stats: Captured) -> None:
    assert one({"name": "LCP", "value": 5}).status_code == 204
    assert times(stats) == {V + "LCP": 5}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-1", "out_of_range"),
        ("-0.001", "out_of_range"),
        ("600001", "out_of_range"),
        ("600000.5", "out_of_range"),
        ("1" + "0" * 4000, "out_of_range"),
        ("1e308", "out_of_range"),
        ("1e999", "not_finite"),
        ("-1e999", "not_finite"),
        ("NaN", "not_finite"),
        ("Infinity", "not_finite"),
        ("-Infinity", "not_finite"),
        ("true", "not_a_number"),
        ("false", "not_a_number"),
        ("null", "not_a_number"),
        ('"5"', "not_a_number"),
        ("[5]", "not_a_number"),
        ('{"a": 5}', "not_a_number"),
        ("1" + "0" * 5000, "syntax"),
        ("05", "syntax"),
        ("+5", "syntax"),
        ("0x5", "syntax"),
        (".5", "syntax"),
        ("5.", "syntax"),
        ("\N{ARABIC-INDIC DIGIT FIVE}", "syntax"),
    ],
)
def test_values_that_are_refused(value: str, reason: str, stats: Captured) -> None:
    answer = send("sync", f'{{"name": "LCP", "value": {value}}}'.encode(), TEXT, url=URL + "?client=vitals")
    assert answer.status_code == 400
    assert reason in answer.content.decode()
    assert_nothing_but(stats, **{reason: 1})


def test_layout_shift_has_its_own_range(stats: Captured) -> None:
    assert one({"name": "CLS", "value": 100.01}).status_code == 400
    assert_nothing_but(stats, out_of_range=1)


@pytest.mark.parametrize(
    "name", ["FID", "lcp", "LCP ", "LCP.good", "", None, 5, ["LCP"], {"LCP": 1}, "a:1|c"]
)
def test_no_name_comes_from_the_client(name: Any, stats: Captured) -> None:
    assert one({"name": name, "value": 5}).status_code == 400
    assert_nothing_but(stats, unknown_value=1)


@pytest.mark.parametrize("rating", ["great", "needs_improvement", "", 5, True, ["good"], {}])
def test_no_rating_comes_from_the_client_and_the_value_stays(rating: Any, stats: Captured) -> None:
    assert several({"name": "LCP", "value": 5, "rating": rating}, vital("FCP", 6)).status_code == 400
    assert refused(stats) == {"unknown_value": 1}
    assert times(stats) == {V + "LCP": 5, V + "FCP": 6}
    assert counts(stats).keys() - {"django_metrics_statsd.beacon.refused.unknown_value"} == {V + "FCP.good"}


@pytest.mark.parametrize("kind", ["fly", "", 0, True, [], {"a": 1}])
def test_no_kind_of_navigation_comes_from_the_client(kind: Any, stats: Captured) -> None:
    assert one({"name": "LCP", "value": 5, "navigationType": kind}).status_code == 400
    assert refused(stats) == {"unknown_value": 1}
    assert times(stats) == {V + "LCP": 5}


def test_good_metrics_beside_bad_ones(stats: Captured) -> None:
    answer = several(vital("LCP", 5), vital("INP", -5), vital("XXX", 5), vital("CLS", "x"), vital("FCP", 7))
    assert answer.status_code == 400
    assert refused(stats) == {"out_of_range": 1, "unknown_value": 1, "not_a_number": 1}
    assert times(stats) == {V + "LCP": 5, V + "FCP": 7}


@pytest.mark.parametrize("metrics", [None, "LCP", 5, {}, [1], [None], [[]], ["LCP"], [{}, 1]])
def test_metrics_that_are_no_list_of_objects(metrics: Any, stats: Captured) -> None:
    answer = send("sync", text({"client": "vitals", "metrics": metrics}), TEXT)
    assert answer.status_code == 400
    assert_nothing_but(stats, syntax=1)


@pytest.mark.parametrize("number", [30, 64])
def test_the_keys_of_all_metrics_are_limited(number: int, stats: Captured) -> None:
    assert several(*[{"name": "LCP", "value": 5, "delta": 5}] * number).status_code == 400
    assert_nothing_but(stats, too_many_keys=1)


def test_empty_metrics_count_too(stats: Captured) -> None:
    assert several(*[{}] * 2000).status_code == 400
    assert_nothing_but(stats, too_many_keys=1)


@pytest.mark.parametrize(
    "data",
    [{"a": 1}, {"name": "LCP", "value": 5}, {"client": "other"}, {"client": ["vitals"]}, {"client": 5}],
)
def test_without_a_client_it_is_nothing(data: Any, stats: Captured) -> None:
    assert send("sync", text(data), TEXT).status_code == 400
    assert_nothing_but(stats, client=1)


def test_as_a_form_or_query_it_has_no_numbers(stats: Captured) -> None:
    assert send("sync", b"client=vitals&name=LCP&value=5", FORM).status_code == 400
    assert send("sync", method="GET", url=URL + "?client=vitals&name=LCP&value=5").status_code == 400
    assert_nothing_but(stats, not_a_number=2)


def test_deep_values_are_compared_without_a_fault(stats: Captured) -> None:
    deep = "[" * 900 + "]" * 900
    body = f'{{"name": "LCP", "value": {deep}, "delta": {deep}}}'.encode()
    assert send("sync", body, TEXT, url=URL + "?client=vitals").status_code == 400
    assert sum(refused(stats).values()) == len(stats) == 1


def test_a_vital_is_taken_once_a_beacon(stats: Captured) -> None:
    answer = several({"name": "LCP", "value": 100}, {"name": "LCP", "value": 9000})
    assert answer.status_code == 400
    assert b"LCP may be in a beacon once" in answer.content
    assert times(stats) == {V + "LCP": 100}
    assert counts(stats) == {V + "LCP.good": 1, "django_metrics_statsd.beacon.refused.repeated": 1}


def test_a_beacon_with_nothing_in_it_is_counted_as_ignored(stats: Captured) -> None:
    assert several().status_code == 204
    assert [record.stat for record in stats.records] == ["django_metrics_statsd.beacon.ignored"]
