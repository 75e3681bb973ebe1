"""Pictures of a real graphite-web inside the panel: from the site to StatsD, carbon and back as PNG."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser_panel.chromium import open_panel
from tests.example.conftest import Demo
from tests.services.collectors import Graphite
from tests.services.daemon import StatsDaemon
from tests.services.harness import wait_until

pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def graphite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graphite]:
    with Graphite(tmp_path_factory.mktemp("graphite") / "graphite") as running:
        yield running


@pytest.fixture(scope="module")
def site(graphite: Graphite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The site with a StatsD server that flushes to Graphite each second."""
    folder = tmp_path_factory.mktemp("demo")
    with StatsDaemon(folder / "statsd", 1_000, graphite.line_port) as daemon:
        render = f"http://127.0.0.1:{graphite.web_port}/render/"
        demo = Demo(folder, "--port", "0", "--no-traffic", STATSD_URL=daemon.url, GRAPHITE_URL=render)
        yield demo
        demo.close()


def test_pictures_from_graphite_load_under_the_policy(page: Page, site: Demo, graphite: Graphite) -> None:
    url = f"http://{site.browser.address}/books/"
    answer = page.goto(url)
    assert answer is not None
    assert (
        f"img-src 'self' http://127.0.0.1:{graphite.web_port};" in answer.headers["content-security-policy"]
    )
    wait_until(lambda: graphite.render("stats.counters.response.200.count"), "points in Graphite", 20)
    panel = open_panel(page)
    for table, name in (("timers", "view.shop.views.book_list.GET"), ("counters", "response.200")):
        row = panel.locator(f"[data-statsd-table={table}] tr", has_text=name).first
        row.locator("summary").click()
        pictures = row.locator("img")
        assert pictures.count() >= 1
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
            wait_until(lambda one=picture: one.evaluate("it => it.naturalWidth") > 0, "a picture", 20)
            width, height = picture.evaluate("it => [it.naturalWidth, it.naturalHeight]")
            assert width > 300
            assert height > 150
