"""What browsers report: taken by the site, judged as the Web Vitals are, and said to be nothing before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from django_metrics_statsd.beacon.fields import THRESHOLDS, VITALS
from example.shop.browsers import KINDS, Browsers, report
from tests.example.conftest import Demo

LCP, INP, CLS, *_ = KINDS


@pytest.mark.parametrize(
    ("values", "shown", "rating"),
    [
        ([2500], "2500 ms", "good"),
        ([100, 200, 2600, 9000], "2600 ms", "needs improvement"),
        ([4001] * 3, "4001 ms", "poor"),
    ],
)
def test_three_of_four_visits_decide(values: list[float], shown: str, rating: str) -> None:
    found = report(LCP, values)
    assert (found["shown"], found["rating"], found["count"]) == (shown, rating, len(values))


def test_layout_shift_is_shown_as_its_score() -> None:
    found = report(CLS, [120])
    assert (found["shown"], found["rating"]) == ("0.12", "needs improvement")
    assert CLS.ends == tuple(1000 * end for end in THRESHOLDS["CLS"])


def test_values_are_bounded_and_others_are_left_alone() -> None:
    browsers = Browsers()
    browsers.add("view.GET", 3)
    assert browsers.reports() == []
    for ms in range(1_000):
        browsers.add(VITALS + "INP", ms)
    assert [(one["name"], one["count"]) for one in browsers.reports()] == [("INP", 100)]


def test_the_front_page_shows_reports_or_that_there_are_none(start: Callable[..., Demo]) -> None:
    browser = start("--port", "0", "--no-traffic").browser
    page = browser.get("/").text
    assert "Nothing yet." in page
    assert 'data-url="/services/timing/record" data-vitals' in page
    vitals = '{"client": "vitals", "metrics": [{"name": "LCP", "value": 3000}]}'
    assert browser.report(vitals, Content_Type="text/plain").status == 204
    shown = {one["name"]: one for one in browser.json("/stats")["browsers"]}
    assert shown["LCP"] | {"shown": "3000 ms", "rating": "needs improvement", "count": 1} == shown["LCP"]
    assert 'data-rating="needs improvement"' in browser.get("/").text


def test_who_may_report(demo: Demo) -> None:
    body = "client=stick&window.performance.navigation.type=0"
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    before = demo.counts()
    assert demo.browser.report(body, **form).status == 204
    assert demo.browser.report(body, Sec_GPC="1", **form).status == 204
    assert demo.browser.ask("POST", "/services/timing/record", body, **form).status == 403
    made = demo.counts() - before
    refused = "django_metrics_statsd.beacon.refused."
    assert made == {
        "window.performance.navigation.type.navigate": 1,
        f"{refused}privacy": 1,
        f"{refused}origin": 1,
    }
    statuses = {demo.browser.report(body, **form).status for _ in range(130)}
    assert statuses == {204, 429}
