"""One browser, StatsD daemon and site for all tests here; each test has a browser context of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.visits import ARGS, Visit
from tests.services.daemon import StatsDaemon
from tests.services.harness import CACHE, ROOT, missing, require
from tests.services.sites import Site, free_port, python, site_env

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
GUARDS = [
    "django_metrics_statsd.beacon.guards.same_origin",
    "django_metrics_statsd.beacon.guards.signed_token",
]


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder of boomerang and web-vitals."""
    folder = CACHE / "browser"
    for name in ("boomerang.js", "web-vitals.iife.js"):
        if not (folder / name).exists():
            missing(name)
    return folder


@pytest.fixture(scope="module")  # its event loop runs in this thread, which other tests could not bear
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    chromium = require("Chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=ARGS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield running
        running.close()


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatsDaemon]:
    with StatsDaemon(tmp_path_factory.mktemp("statsd")) as running:
        yield running


def serve(folder: Path, collector: StatsDaemon, clients: Path, **settings: object) -> Site:
    port = str(free_port())
    env = site_env(collector.url, **settings) | {
        "PYTHONPATH": f"{HERE / 'site'}:{ROOT}",
        "DJANGO_SETTINGS_MODULE": "pages.settings",
        "SITE_STATIC": str(ROOT / "django_metrics_statsd" / "static"),
        "SITE_NPM": str(clients),
    }
    command = python("uvicorn", "--port", port, "pages.asgi:application")
    assert command[0] == sys.executable
    return Site("uvicorn", [port, *command], folder, env)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, collector: StatsDaemon, clients: Path) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("site"), collector, clients) as running:
        yield running


@pytest.fixture(scope="session")
def guarded_site(
    tmp_path_factory: pytest.TempPathFactory, collector: StatsDaemon, clients: Path
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("guarded")
    with serve(folder, collector, clients, STATSD_RECORD_GUARD=GUARDS) as running:
        yield running


@pytest.fixture
def visit(browser: Any, site: Site, collector: StatsDaemon) -> Iterator[Visit]:
    """A visitor of the site; an error in the browser's console fails the test."""
    one = Visit(browser, site, collector)
    yield one
    one.close()


@pytest.fixture
def start_visit(browser: Any, collector: StatsDaemon) -> Iterator[Callable[..., Visit]]:
    """Start visits of other sites."""
    started: list[Visit] = []

    def start(site: Site) -> Visit:
        started.append(Visit(browser, site, collector))
        return started[-1]

    yield start
    for each in started:
        each.close()
