"""The page in a real Chromium, below a strict policy: loading on scroll, ranges, order, looks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import axe
from tests.browser_panel.chromium import chromium
from tests.services.harness import accepts, free_port
from tests.services.sites import Site, python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.service

#: Where to keep pictures of the pages; unset, none are kept.
PICTURES = os.environ.get("MONITORING_PICTURES", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("monitoring"), free_port()
    root = str(Path(__file__).parents[2])
    command = [str(port), *python("tests.monitoring.served", str(folder), str(port))]
    site = Site("served", command, folder, {"PYTHONPATH": root})
    site.ready = lambda: (folder / "cookie").exists() and accepts(port)
    with site as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Any, site: Site) -> Iterator[Callable[..., Any]]:
    """Open a page as staff; what the console says of errors fails the test."""
    contexts, problems = [], list[str]()

    def start(path: str = "", *, width: int = 1200, height: int = 700, **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        cookie = (site.folder / "cookie").read_text()
        context.add_cookies([{"name": "sessionid", "value": cookie, "domain": "127.0.0.1", "path": "/"}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on(
            "console", lambda said: problems.append(said.text) if said.type in {"error", "warning"} else 0
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"http://127.0.0.1:{site.port}/monitoring/{path}")
        return page

    yield start
    for context in contexts:
        context.close()
    assert problems == []


def loaded(page: Any) -> list[str]:
    return list(
        page.locator("[data-monitor]:has(.monitor-drawn)").evaluate_all(
            "cards => cards.map(card => card.dataset.monitor)"
        )
    )


def order(page: Any) -> list[str]:
    return list(
        page.locator("[data-monitor]").evaluate_all("cards => cards.map(card => card.dataset.monitor)")
    )


def test_charts_load_by_themselves_as_they_come_into_view(visit: Callable[..., Any]) -> None:
    page = visit(height=260, width=500)
    page.locator("#monitor-queue .chart-picture").wait_for()
    assert "conversion" not in loaded(page)
    page.locator("#monitor-conversion").scroll_into_view_if_needed()
    page.locator("#monitor-conversion .chart-picture").wait_for()


def test_a_broken_threshold_is_red_and_a_range_stays_in_the_link(visit: Callable[..., Any]) -> None:
    page = visit()
    page.select_option("select[name=range]", "7d")
    page.check("input[name=compare]")
    page.click("button[type=submit]")
    page.wait_for_url("**/monitoring/?range=7d&compare=1")
    page.locator("#monitor-checkout").scroll_into_view_if_needed()
    page.locator("#monitor-checkout.fail .breach").wait_for()
    assert page.locator("select[name=range]").input_value() == "7d"
    assert "range=7d" in page.locator("#title-checkout a").get_attribute("href")


def test_an_order_made_with_the_keyboard_survives_reload(visit: Callable[..., Any]) -> None:
    page = visit()
    before = order(page)
    first = page.locator("#monitor-user_count [data-handle]")
    first.focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-monitors][data-saved]").wait_for()
    assert page.evaluate("document.activeElement.closest('[data-monitor]').dataset.monitor") == "user_count"
    assert "is now number 2 of 2" in page.locator("[data-said]").text_content()
    after = order(page)
    assert after != before
    page.reload()
    assert order(page) == after


def test_an_order_made_by_dragging_survives_reload(visit: Callable[..., Any]) -> None:
    page = visit(height=1900)
    page.locator(".monitor-drawn .chart-picture").nth(4).wait_for()
    before = order(page)
    box = page.locator("#monitor-checkout [data-handle]").bounding_box()
    target = page.locator("#monitor-conversion").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(target["x"] + 80, target["y"] + 60, steps=8)
    page.mouse.up()
    page.locator("[data-monitors][data-saved]").wait_for()
    after = order(page)
    assert after != before
    page.reload()
    assert order(page) == after


def test_without_scripts_all_charts_come_with_the_page(visit: Callable[..., Any]) -> None:
    page = visit(java_script_enabled=False)
    assert '<noscript><p class="notice"><a href="?charts=all">' in page.content()
    page.goto(f"{page.url}?charts=all")
    assert page.locator(".monitor-drawn .chart-picture").count() == 5


def test_a_stat_is_found_by_typing_part_of_its_name_and_drawn(visit: Callable[..., Any]) -> None:
    page = visit("stats/?range=1h")
    page.locator("[data-search]").press_sequentially("SHOP get")
    page.locator("[data-found] .mono", has_text="response.200").wait_for(state="detached")
    names = page.locator("[data-found] .mono").all_text_contents()
    assert names == ["view.shop.detail.GET", "view.shop.list.GET"]
    for name in names:
        page.check(f"input[value='{name}']")
    page.click("button[type=submit]")
    page.locator(".chart-picture").wait_for()
    legend = page.locator(".chart-legend").text_content()
    assert "view.shop.detail.GET 44" in " ".join(legend.split())
    assert page.locator(".chart-picture .s2").count() >= 1
    with page.expect_download() as download:
        page.click(".chart-links a:has-text('CSV')")
    head = Path(download.value.path()).read_text().splitlines()[0]
    assert head == "time,view.shop.detail.GET,view.shop.list.GET"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 320])
@pytest.mark.parametrize("path", ["", "monitors/checkout/?range=24h", "stats/"])
def test_every_page_is_accessible_and_fits(
    visit: Callable[..., Any], scheme: str, width: int, path: str
) -> None:
    page = visit(path, width=width, height=1900, color_scheme=scheme)
    if not path:
        page.locator(".monitor-drawn").nth(2).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if PICTURES:
        name = f"monitoring-{path.split('/')[0] or 'index'}-{scheme}-{width}.png"
        page.screenshot(path=str(Path(PICTURES) / name))
    assert axe.violations(page) == []
