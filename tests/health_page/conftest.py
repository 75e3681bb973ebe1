"""The site behind uvicorn and a browser that forgives no error."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser_panel.chromium import chromium
from tests.services.harness import ROOT, Server, accepts, free_port, wait_until
from tests.services.sites import python

TOKEN = "only-for-these-tests"


class HealthSite(Server):
    """The site of `tests.health_page.site`; ``shelf`` is the file that decides one check's state."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.shelf = folder / "shelf"
        self.shelf.write_text("ok")
        env = {
            "PYTHONPATH": str(ROOT),
            "HEALTH_SERVE": "1",
            "HEALTH_SHELF": str(self.shelf),
            "HEALTH_DATABASE": str(folder / "site.sqlite3"),
        }
        command = python("uvicorn", "--port", str(self.port), "tests.health_page.site:application")
        super().__init__("uvicorn", command, folder, lambda: accepts(self.port), env)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/watchman/dashboard/?watchman-token={TOKEN}"

    def shelf_is(self, state: str) -> bool:
        """Whether the site itself says so; for a moment it says what it found before."""
        url = f"http://127.0.0.1:{self.port}/watchman/?watchman-token={TOKEN}"
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bool(json.load(answer)["shelf"]["state"] == state)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HealthSite]:
    with HealthSite(tmp_path_factory.mktemp("health")) as running:
        yield running


@pytest.fixture
def opened(browser: Any, site: HealthSite) -> Iterator[Callable[..., Any]]:
    """Opens the page; fails on anything in the console, and on requests to anywhere else."""
    site.shelf.write_text("ok")
    wait_until(lambda: site.shelf_is("ok"), "the shelf to be known as ok", 20)
    contexts, said = [], []

    def open_page(query: str = "", *, forgive: str = "never", **options: Any) -> Any:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if forgive not in message.text else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(site.url + query)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
