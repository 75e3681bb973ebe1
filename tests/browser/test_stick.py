"""What stick.js sends from real pages is what the pages' own performance API says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.beacon.fields import TIMING
from tests.browser.visits import ARGS, Visit, expected_timers, load_counts, navigations
from tests.services.harness import Server, require

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.service

STICK = "/static/django_metrics_statsd/stick.js"
SEND = "/assets/send.js"


def test_a_load(visit: Visit) -> None:
    visit.open("load", tag="plain")
    visit.loaded("navigate")
    assert visit.timers() == expected_timers(visit.own())
    assert visit.counts() == load_counts("navigate")


def test_a_load_after_a_redirect(visit: Visit) -> None:
    visit.page.goto(f"{visit.origin}/moved")
    visit.loaded("navigate")
    assert visit.own()["redirectStart"] > 0
    assert visit.timers() == expected_timers(visit.own())
    assert visit.counts() == load_counts("navigate", redirects=1)


def test_a_reload(visit: Visit) -> None:
    visit.open("load", tag="plain")
    visit.loaded("navigate")
    visit.begin()
    visit.page.reload()
    visit.loaded("reload")
    assert visit.timers() == expected_timers(visit.own())
    assert visit.timers()[TIMING + "unloadEventStart"]
    assert visit.counts() == load_counts("reload")


def test_called_twice_it_sends_once(visit: Visit) -> None:
    visit.open("twice", STICK, SEND, tag="plain")
    visit.loaded("navigate")
    assert visit.counts() == load_counts("navigate")


def test_sampling_of_nothing(visit: Visit) -> None:
    visit.open("quiet", sample="0")
    visit.leave()
    visit.settle()
    assert visit.lines() == []


@pytest.mark.parametrize("browser_lacks", ["no_beacon", "full_beacon"])
def test_without_send_beacon_fetch_sends(visit: Visit, browser_lacks: str) -> None:
    visit.open("fetch", f"/assets/{browser_lacks}.js", tag="plain")
    visit.loaded("navigate")
    assert visit.timers() == expected_timers(visit.own())


def test_fetch_outlives_the_page(visit: Visit) -> None:
    visit.open("fetch", "/assets/no_beacon.js", tag="plain")
    visit.loaded("navigate")
    wanted = {"method": "POST", "keepalive": True, "mode": "no-cors"}
    assert visit.page.evaluate("window.fetched") == [{"url": "/services/timing/record", **wanted}]


def test_a_browser_with_nothing_of_it(visit: Visit) -> None:
    visit.open("bare", "/assets/bare.js")
    visit.settle()
    assert visit.lines() == []


def test_navigation_timing_level_1(visit: Visit) -> None:
    visit.open("old", "/assets/level_1.js", tag="plain")
    visit.loaded("navigate")
    timing: dict[str, Any] = visit.page.evaluate("performance.timing.toJSON()")
    start = timing["navigationStart"]
    times = {name: float(at - start) for name, at in timing.items() if at > 0 and name != "navigationStart"}
    assert {
        name.removeprefix(TIMING): values[0]
        for name, values in visit.timers().items()
        if name.startswith(TIMING)
    } == times
    assert visit.counts() == load_counts("navigate")


def test_leaving_before_the_load(visit: Visit) -> None:
    visit.page.goto(visit.url("hasty", tag="plain", slow="1"), wait_until="commit")
    visit.await_page("window.stick && document.readyState === 'interactive'")
    visit.leave()
    visit.loaded("navigate")
    timers = visit.timers()
    assert timers[TIMING + "domInteractive"]
    assert TIMING + "loadEventEnd" not in timers
    assert visit.counts() == load_counts("navigate")


def test_a_soft_navigation(visit: Visit) -> None:
    visit.open("soft", tag="plain")
    visit.loaded("navigate")
    visit.begin()
    visit.page.evaluate("stick.navigated('/further')")
    visit.loaded("soft_navigation")
    assert visit.counts() == navigations(soft_navigation=1)
    assert visit.timers() == {}


def test_out_of_the_back_forward_cache(visit: Visit) -> None:
    visit.open("first", "/assets/events.js", tag="plain")
    visit.loaded("navigate")
    visit.open("second", tag="no")
    visit.begin()
    visit.page.evaluate("setTimeout(() => history.back())")
    visit.loaded("back_forward_cache")
    assert visit.page.evaluate("window.shown") == [False, True]  # pageshow's persisted
    assert visit.counts() == navigations(back_forward_cache=1)
    assert visit.timers() == {}


def test_back_to_a_page_that_loads_anew(browser: Any, site: Any, collector: Any) -> None:
    """In a browser without the back/forward cache, as Playwright starts it unless told."""
    other = browser.browser_type.launch(executable_path=require("Chromium", "chromium"), args=ARGS)
    visit = Visit(other, site, collector)
    visit.open("first", tag="plain")
    visit.loaded("navigate")
    visit.open("second", tag="no")
    visit.begin()
    visit.page.go_back()
    visit.loaded("back_forward")
    assert visit.timers() == expected_timers(visit.own())
    assert visit.counts() == load_counts("back_forward")
    visit.close()
    other.close()


def test_guards_let_their_own_pages_in(start_visit: Callable[..., Visit], guarded_site: Any) -> None:
    visit = start_visit(guarded_site)
    visit.open("token", tag="plain")
    visit.loaded("navigate")
    assert visit.timers() == expected_timers(visit.own())
    assert visit.counts() == load_counts("navigate")


def test_guards_keep_out_who_has_no_token(start_visit: Callable[..., Visit], guarded_site: Any) -> None:
    visit = start_visit(guarded_site)
    visit.expected_error = "status of 403"
    visit.open("token", STICK, tag="no")
    visit.page.evaluate("stick.send('/services/timing/record')")
    visit.wait_for("django_metrics_statsd.beacon.refused.token")
    assert visit.counts() == {"django_metrics_statsd.beacon.refused.token": 1}


def test_a_prerendered_page(visit: Visit, tmp_path: Path) -> None:
    """In a browser that nobody drives, as Playwright's has prerendering switched off."""
    chromium = require("Chromium", "chromium")
    url = visit.url("before", "/assets/prerendered.js", tag="no", prerender="1")
    command = [chromium, "--headless", *ARGS, f"--user-data-dir={tmp_path}", "--remote-debugging-port=0", url]
    with Server("chromium", command, tmp_path / "log", lambda: "said {" in visit.site_log()):
        visit.loaded("prerender")
    own = json.loads(visit.site_log().partition("said ")[2].partition("\n")[0])
    assert own["activationStart"] > 0
    assert visit.counts() == load_counts("prerender")
    assert visit.timers() == expected_timers(own)
