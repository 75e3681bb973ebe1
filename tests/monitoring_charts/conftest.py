"""The gallery behind a server, and a Chromium to look at it: one of each a module, as Playwright needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser_panel.chromium import chromium
from tests.services.harness import ROOT, Server, accepts, free_port


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gallery."""
    port = free_port()
    command = [sys.executable, "-m", "tests.monitoring_charts.gallery", str(port)]
    folder = tmp_path_factory.mktemp("gallery")
    with Server("gallery", command, folder, lambda: accepts(port), {"PYTHONPATH": str(ROOT)}):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def look(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Open the gallery with options of Playwright's context; an error in the console fails the test."""
    contexts = []
    problems: list[str] = []

    def heard(said: Any) -> None:
        if said.type in {"error", "warning"}:
            problems.append(said.text)

    def open_gallery(query: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{site}{query}")
        return page

    yield open_gallery
    for context in contexts:
        context.close()
    assert problems == []
