"""Pictures of the demo's pages for the docs: ``python -m tests.pages.screenshots docs/images [MINUTES]``.

Writes ``dashboard-light.png``, ``dashboard-dark.png``, ``monitoring-light.png``, ``stats-dark.png`` and
``health-light.png``. The demo runs for so many minutes (20) before, so that there is something to see; what
they show is what its visitors did.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from tests.browser_panel.chromium import chromium
from tests.example.conftest import Demo

STATS = "/monitoring/stats/?range=1h&figure=p95&q=view&name=view.GET&name=view.POST"


class Picture(NamedTuple):
    name: str
    path: str
    look: str
    size: tuple[int, int]
    staff: bool = False


PICTURES = (
    Picture("dashboard-light", "/dashboard/", "light", (1280, 900)),
    Picture("dashboard-dark", "/dashboard/", "dark", (1280, 900)),
    Picture("monitoring-light", "/monitoring/?range=1h", "light", (1280, 620), staff=True),
    Picture("stats-dark", STATS, "dark", (1280, 760), staff=True),
    Picture("health-light", "/watchman/dashboard/", "light", (1280, 620), staff=True),
)


def log_in(page: Page, site: Demo) -> None:
    page.goto(f"http://{site.browser.address}/admin/login/?next=/watchman/dashboard/")
    page.locator("#id_username").fill("demo")
    page.locator("#id_password").fill(site.password)
    page.locator("[type=submit]").click()
    page.wait_for_load_state()


def take(browser: Browser, site: Demo, picture: Picture, folder: Path) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.look == "dark" else "light",
    )
    page = context.new_page()
    if picture.staff:
        log_in(page, site)
    page.goto(f"http://{site.browser.address}{picture.path}")
    page.evaluate(
        "() => document.querySelector('#djDebugRoot').style.display = 'none'"
    )  # the toolbar's handle
    time.sleep(3)
    page.screenshot(path=folder / f"{picture.name}.png", full_page=picture.path == "/dashboard/")
    context.close()


def main(folder: Path, minutes: float) -> None:
    with tempfile.TemporaryDirectory() as temporary, chromium() as browser:
        site = Demo(Path(temporary), "--port", "0")
        try:
            time.sleep(minutes * 60)
            for picture in PICTURES:
                take(browser, site, picture, folder)
        finally:
            site.stop()
            site.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 20)
