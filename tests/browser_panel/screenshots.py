"""Pictures of the panel for people to look at: ``python -m tests.browser_panel.screenshots docs/images``.

Writes ``panel-light.png``, ``panel-dark.png`` and ``panel-narrow.png``, and the demo's front page as
``demo-light.png``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser_panel.chromium import chromium, open_panel
from tests.example.conftest import Demo

SIZES = {"light": (1180, 840), "dark": (1180, 840), "narrow": (390, 800)}


def panel(browser: Browser, site: Demo, look: str, folder: Path) -> None:
    width, height = SIZES[look]
    scheme = "dark" if look == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"http://{site.browser.address}/stocktake/")
    open_panel(page)
    page.screenshot(path=folder / f"panel-{look}.png")
    context.close()


def front(browser: Browser, site: Demo, look: str, folder: Path) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 880}, color_scheme=look)  # type: ignore[arg-type]
    page = context.new_page()
    for path in ("/books/", "/delivery/", "/books/emma/", "/"):
        page.goto(f"http://{site.browser.address}{path}")
    page.locator("#browsers tr").first.wait_for()
    page.locator("#filter").fill("cache")  # a short table, so that all of the panel is in the picture
    time.sleep(2)
    page.screenshot(path=folder / f"demo-{look}.png")
    context.close()


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        site = Demo(Path(temporary), "--port", "0")
        try:
            for look in SIZES:
                panel(browser, site, look, folder)
            time.sleep(10)
            front(browser, site, "light", folder)
        finally:
            site.stop()
            site.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
