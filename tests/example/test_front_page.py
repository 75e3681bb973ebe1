"""The front page in a real browser: it lists the last requests by itself, and leads to them in the admin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser_panel.chromium import chromium
from tests.example.conftest import Demo, eventually

pytestmark = pytest.mark.service

LISTS = ("Hits", "Events", "Browser timings")


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    """For this module alone: Playwright keeps an event loop in the thread that has it."""
    with chromium() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, running: Browser) -> Iterator[Page]:
    """A page in a profile of its own; whatever the console says of errors fails the test."""
    context = running.new_context(viewport={"width": 390, "height": 800}, color_scheme=request.param)
    shown = context.new_page()
    problems: list[str] = []
    shown.on(
        "console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None
    )
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.set_default_timeout(30_000)
    yield shown
    context.close()
    assert problems == []


def open_front(page: Page, demo: Demo) -> None:
    page.goto(f"http://{demo.browser.address}/")


def is_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_the_last_requests_come_by_themselves(page: Page, demo: Demo) -> None:
    demo.browser.get("/books/emma/")
    open_front(page, demo)
    assert not is_wide(page)
    rows = page.locator("#latest tbody tr")
    for path in ("/books/jane-eyre/", "/books/bleak-house/"):
        assert demo.browser.get(path).status == 200
        expect(rows.first.locator("th")).to_have_text(f"GET {path}")
        expect(rows.first.locator("td").nth(1)).to_have_text("200")
    page.set_viewport_size({"width": 1180, "height": 900})
    expect(rows.first).to_contain_text("this machine")
    assert rows.count() <= 8


def test_paused_they_stay_as_they_are(page: Page, demo: Demo) -> None:
    demo.browser.get("/books/emma/")
    open_front(page, demo)
    first = page.locator("#latest tbody tr").first
    expect(first.locator("th")).to_have_text("GET /")
    page.get_by_role("button", name="Pause").click()
    demo.browser.get("/books/jane-eyre/")
    assert eventually(lambda: demo.browser.json("/stats")["latest"][0]["request"] == "GET /books/jane-eyre/")
    page.wait_for_timeout(1_200)  # longer than from one question to the next
    expect(first.locator("th")).to_have_text("GET /")
    page.get_by_role("button", name="Resume").click()
    expect(first.locator("th")).to_have_text("GET /books/jane-eyre/")


def test_each_list_is_a_click_away(page: Page, demo: Demo) -> None:
    demo.browser.get("/till/")
    for place, title in enumerate(LISTS):
        open_front(page, demo)
        page.get_by_role("link" if place else "button", name=title, exact=True).click()
        page.wait_for_url("**/admin/metrics_hits/*/")
        expect(page.get_by_role("link", name="Export CSV")).to_be_visible()
        assert not is_wide(page)
