"""The example site as `make demo` starts it, without its visitors, and a Chromium to look at it.

Both are for one module: Playwright keeps an event loop running in the thread that has it, which no other
test could bear.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser_panel.chromium import chromium
from tests.example.conftest import Demo


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"), "--port", "0", "--no-traffic")
    yield demo
    demo.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, site: Demo) -> Iterator[Page]:
    """A page in a profile of its own; whatever the console says of errors fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    shown = context.new_page()
    problems: list[str] = []
    shown.on(
        "console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None
    )
    shown.on("pageerror", lambda error: problems.append(str(error)))
    shown.set_default_timeout(10_000)
    yield shown
    context.close()
    assert problems == []
