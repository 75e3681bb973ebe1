"""A real Chromium on the example site: opens the toolbar's panel and reads what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.services.harness import require

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PANEL = "#StatsdPanel"
# The panel brings its style sheet along, which may come a moment later.
_STYLED = """panel => new Promise(done => {
    const link = panel.querySelector("link");
    link.sheet ? done() : link.addEventListener("load", done);
})"""


@contextmanager
def chromium() -> Iterator[Browser]:
    path = require("Chromium", "chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def open_panel(page: Page) -> Locator:
    """Show the toolbar where it is hidden, click on our panel's button, and wait for its tables."""
    handle = page.locator("#djShowToolBarButton")
    button = page.locator("#djdt-StatsdPanel a.StatsdPanel")
    if not button.is_visible():
        handle.click()
    button.click()
    panel = page.locator(f"{PANEL} [data-statsd-panel]")
    panel.locator("[data-statsd-tools] input").wait_for()
    panel.evaluate(_STYLED)
    return panel


# One call for a table: a call for each cell would take a second.
_ROWS = """table => [...table.tBodies[0].rows].filter(row => !row.hidden).map(row => ({
    name: row.querySelector(".statsd-name").textContent,
    cells: [...row.cells].slice(1).filter(cell => !cell.classList.contains("statsd-timeline"))
        .map(cell => cell.textContent),
    bar: (rect => rect && [Number(rect.getAttribute("x")), Number(rect.getAttribute("width"))])(
        row.querySelector("rect")),
}))"""


def rows(panel: Locator, table: str) -> list[dict[str, Any]]:
    """The visible rows of a table as they stand: name, cells as text, and the bar's place of 1000."""
    found = panel.locator(f"[data-statsd-table={table}]")
    return list(found.evaluate(_ROWS)) if found.count() else []
