"""What `make demo` is for: dashboard, monitoring and health, moving within seconds, in one process."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser_panel.chromium import chromium
from tests.example.conftest import Demo, eventually

pytestmark = pytest.mark.service

TILES = [
    "RequestsPerMinute", "ResponseTimes", "StatusClasses", "Health", "QueriesPerRequest", "CacheHits",
    "CollectorLag", "SlowestViews", "Errors", "VisitorsNow", "WebVitals", "LatestEvents",
]  # fmt: skip
#: The toolbar stands on the demo's pages and is not ours: nor is what its scripts complain of.
NO_TOOLBAR = "() => document.querySelector('#djDebugRoot').remove()"
TOOLBAR = "debug_toolbar"


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with its visitors, as `make demo` starts it."""
    demo = Demo(tmp_path_factory.mktemp("busy"), "--port", "0")
    yield demo
    demo.stop()
    demo.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


class Visits:
    """Opens pages; what the console says of errors is kept."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self.browser, self.demo = browser, demo
        self.problems: list[str] = []

    def __call__(self, path: str, width: int = 1280, look: str = "light", *, staff: bool = False) -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if look == "dark" else "light",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda said: self._note(said.type, said.text, said.location["url"]))
        page.on("pageerror", lambda error: self._note("error", str(error), str(error.stack)))
        if staff:
            page.goto(f"http://{self.demo.browser.address}/admin/login/?next=/monitoring/")
            page.locator("#id_username").fill("demo")
            page.locator("#id_password").fill(self.demo.password)
            page.locator("[type=submit]").click()
        page.goto(f"http://{self.demo.browser.address}{path}")
        return page

    def _note(self, kind: str, text: str, where: str) -> None:
        if kind in {"error", "warning"} and TOOLBAR not in where:
            self.problems.append(f"{where}: {text}")


@pytest.fixture
def visit(running: Browser, busy: Demo) -> Iterator[Visits]:
    visits = Visits(running, busy)
    yield visits
    for context in running.contexts:
        context.close()
    assert visits.problems == []


def body(page: Page, name: str) -> str:
    return page.locator(f"[data-tile={name}] .tile-body").inner_text()


def test_all_tiles_fill_themselves_without_a_reload(visit: Visits) -> None:
    page = visit("/dashboard/")
    page.evaluate("window.sameDocument = true")
    assert [tile.get_attribute("data-tile") for tile in page.locator("[data-tile]").all()] == TILES
    for name, text in (
        ("StatusClasses", r"2xx[1-9]"),
        ("Health", r"databases\.default"),
        ("SlowestViews", r"shop\.views\.\w+\.GET"),
        ("VisitorsNow", r"Chrome"),
        ("LatestEvents", r"Put aside: "),
        ("WebVitals", r"LCP\d+ ms"),
        ("Errors", r"tillerror"),
        ("RequestsPerMinute", r"[1-9]\d*"),
    ):
        tile = page.locator(f"[data-tile={name}] .tile-body")
        expect(tile).to_contain_text(re.compile(text), timeout=90_000)
    before = body(page, "StatusClasses")
    expect(page.locator("[data-tile=StatusClasses] .tile-body")).not_to_have_text(before, timeout=60_000)
    assert "WT_REDIS" in body(page, "CollectorLag")
    assert page.evaluate("window.sameDocument") is True


def test_error_messages_are_for_those_who_may_read_them(visit: Visits) -> None:
    """The events of the log are for superusers; the demo's dashboard is open to everybody."""
    page = visit("/dashboard/")
    expect(page.locator("[data-tile=Errors] .tile-body")).to_contain_text("tillerror", timeout=90_000)
    assert "Internal Server Error" not in body(page, "Errors")
    mine = visit("/dashboard/", staff=True)
    expect(mine.locator("[data-tile=Errors] .tile-body")).to_contain_text("Internal Server Error")


@pytest.mark.parametrize(
    ("path", "look", "width"),
    [
        *(
            (path, look, width)
            for path in ("/dashboard/", "/monitoring/?range=1h", "/watchman/dashboard/")
            for look, width in (("light", 1280), ("dark", 1280), ("light", 320))
        ),
        ("/dashboard/?kiosk", "dark", 1920),
    ],
)
def test_each_page_is_accessible_and_needs_no_sideways_scroll(
    visit: Visits, path: str, look: str, width: int
) -> None:
    page = visit(path, width, look, staff=True)
    page.locator("main").wait_for()
    page.wait_for_timeout(500)  # scripts fill in what they show
    page.evaluate(NO_TOOLBAR)
    assert axe.violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_pages_lead_to_each_other(visit: Visits) -> None:
    page = visit("/dashboard/", staff=True)
    for title in ("Monitoring", "Health", "Dashboard"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=title).click()
        expect(page.locator("h1")).to_have_text(title)


def test_a_chart_of_the_shop_loads_as_it_comes_into_view(visit: Visits, busy: Demo) -> None:
    assert eventually(lambda: any(row["event_class"] == "Order" for row in busy.recorded("event")), 60)
    page = visit("/monitoring/?range=1h", staff=True)
    expect(page.locator("#monitor-books_put_aside figure")).to_be_visible()
    picture = page.locator("#monitor-books_put_aside .chart-picture")
    for _ in range(20):  # the order is in the chart more than a second later
        page.wait_for_timeout(1_500)
        page.reload()
        page.wait_for_timeout(1_500)
        if picture.is_visible():
            break
    expect(picture).to_be_visible()
    page.get_by_role("link", name="Stats").click()
    page.get_by_label("Part of the name").fill("view.get")
    page.get_by_label(re.compile(r"view\.GET")).first.check()
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".chart-picture").first).to_be_visible()
