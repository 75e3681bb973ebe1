"""Stick's own vitals and those of the web-vitals package, in pages with a slow click and a late shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.beacon.fields import VITALS

if TYPE_CHECKING:
    from tests.browser.visits import Visit

pytestmark = pytest.mark.service

STICK = "/static/django_metrics_statsd/stick.js"
PACKAGE = "/npm/web-vitals.iife.js"
MEASURE = "/assets/measure.js"
ALL = {"CLS", "FCP", "INP", "LCP", "TTFB"}


def await_vitals(visit: Visit, names: set[str]) -> None:
    for name in sorted(names):
        visit.wait_for(f"{VITALS}{name}")


def use(visit: Visit, *scripts: str, **asked: str) -> dict[str, Any]:
    """Have a page with a shift, click, leave; return what the package measured meanwhile."""
    visit.begin()
    visit.open("vitals", PACKAGE, *scripts, MEASURE, "/assets/events.js", shift="1", **asked)
    visit.await_page("window.measured.CLS && window.measured.CLS.value > 0")
    visit.page.click("#slow")
    visit.await_page("window.measured.INP")
    measured: dict[str, Any] = visit.page.evaluate(
        "Object.fromEntries(Object.values(measured).map(({name, value, rating}) => [name, {value, rating}]))"
    )
    visit.leave()
    await_vitals(visit, ALL)
    assert set(measured) == ALL
    return measured


def assert_same(visit: Visit, measured: dict[str, Any]) -> None:
    values = {name: one["value"] * (1000 if name == "CLS" else 1) for name, one in measured.items()}
    sent = {name: each for name, each in visit.timers().items() if name.startswith(VITALS)}
    assert {name: len(each) for name, each in sent.items()} == {VITALS + name: 1 for name in ALL}
    assert {name.removeprefix(VITALS): each[0] for name, each in sent.items()} == pytest.approx(values, abs=1)
    ratings = {name: count for name, count in visit.counts().items() if name.startswith(VITALS)}
    assert ratings == {
        f"{VITALS}{name}.{one['rating'].replace('-', '_')}": 1 for name, one in measured.items()
    }


def test_sticks_own_vitals_are_those_of_the_package(visit: Visit) -> None:
    measured = use(visit)
    assert measured["INP"]["value"] >= 120
    assert_same(visit, measured)


def test_the_package_through_stick(visit: Visit) -> None:
    assert_same(visit, use(visit, STICK, "/assets/adapt.js", tag="plain"))


def test_the_package_alone(visit: Visit) -> None:
    assert_same(visit, use(visit, "/assets/raw.js", tag="no"))


def test_a_soft_navigation_sends_the_vitals_of_the_page_before(visit: Visit) -> None:
    visit.open("vitals")
    visit.loaded("navigate")
    visit.begin()
    visit.page.evaluate("stick.navigated('/further')")
    await_vitals(visit, ALL - {"INP"})
    assert {f"{VITALS}{name}" for name in ALL - {"INP"}} == set(visit.timers())
    visit.begin()
    visit.leave()
    visit.wait_for(f"{VITALS}CLS")
    assert visit.timers() == {f"{VITALS}CLS": [0]}


def test_vitals_start_anew_out_of_the_back_forward_cache(visit: Visit) -> None:
    visit.open("first")
    visit.loaded("navigate")
    visit.open("second", tag="no")
    visit.settle()
    visit.begin()
    visit.page.evaluate("setTimeout(() => history.back())")
    visit.loaded("back_forward_cache")
    visit.leave()
    await_vitals(visit, ALL - {"INP"})
    assert set(visit.timers()) == {f"{VITALS}{name}" for name in ALL - {"INP"}}
    assert visit.timers()[f"{VITALS}TTFB"] == [0]
