"""The toolbar's panel in a real browser, on the example site with its strict policy."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import pairwise

import pytest
from playwright.sync_api import Page

from tests.browser_panel.chromium import PANEL, open_panel, rows
from tests.example.conftest import Demo
from tests.services.harness import wait_until

pytestmark = pytest.mark.service

Wire = dict[tuple[str, str], list[float]]


def wire_of(site: Demo, last: str) -> Wire:
    """The values that came over the wire, by type and name, once `last` is among them."""
    found: Wire = defaultdict(list)

    def came() -> bool:
        for line in site.datagrams():
            name, _, rest = line.partition(":")
            value, kind, *_ = rest.split("|")
            if not name.startswith(("window.", "django_metrics_statsd.")):  # what the browser says itself
                found[kind, name].append(float(value) if kind != "s" else 1)
        return any(name == last for _, name in found)

    wait_until(came, f"{last} on the wire", 10)
    time.sleep(0.3)
    came()
    return found


def settle(site: Demo) -> None:
    """Let what earlier tests caused arrive, and forget it."""
    time.sleep(1.3)
    site.datagrams()


def visit(page: Page, site: Demo, path: str) -> None:
    page.goto(f"http://{site.browser.address}{path}")


@pytest.mark.parametrize("path", ["/books/?q=austen", "/delivery/", "/books/emma/"])
def test_the_figures_are_what_the_wire_got(page: Page, site: Demo, path: str) -> None:
    settle(site)
    visit(page, site, path)
    wire = wire_of(site, "response.200")
    panel = open_panel(page)
    timers = {row["name"]: row["cells"] for row in rows(panel, "timers")}
    assert sorted(timers) == sorted(name for kind, name in wire if kind == "ms")
    assert len(timers) > 3
    for name, (count, total, lower, mean, _, upper) in timers.items():
        sent = wire["ms", name]
        assert int(count) == len(sent)
        shown = [float(text) for text in (total, lower, mean, upper)]
        expected = [sum(sent), min(sent), sum(sent) / len(sent), max(sent)]
        assert shown == pytest.approx(expected, rel=1e-3, abs=0.002), name
    counters = {row["name"]: float(row["cells"][0]) for row in rows(panel, "counters")}
    assert counters == {name: sum(values) for (kind, name), values in wire.items() if kind == "c"}
    sets = {row["name"]: int(row["cells"][0]) for row in rows(panel, "sets")}
    assert sets == ({"shop.searches": 1} if "q=" in path else {})


def test_the_waterfall_of_the_slow_page(page: Page, site: Demo) -> None:
    visit(page, site, "/stocktake/")
    panel = open_panel(page)
    bars = rows(panel, "bars")
    steps = [bar for bar in bars if bar["name"].startswith("shop.stocktake.")]
    names = [bar["name"].rpartition(".")[2] for bar in steps]
    assert names == ["novel", "adventure", "mystery", "science", "travel", "children"]
    times = [(float(start), float(duration)) for start, duration in (bar["cells"] for bar in steps)]
    assert all(80 <= duration < 5_000 for _, duration in times), times
    for (start, duration), (later, _) in pairwise(times):
        assert start + duration <= later + 1  # one after the other
        assert later - (start + duration) < 1_000
    queries = [bar for bar in bars if bar["name"].endswith("execute.select")]
    inside = [q for q in queries if times[0][0] <= float(q["cells"][0]) <= times[-1][0] + times[-1][1]]
    assert len(inside) >= 6  # one a shelf
    whole = max(float(bar["cells"][1]) for bar in bars if bar["name"] == "view.shop.views.stocktake.GET")
    assert sum(duration for _, duration in times) <= whole < 30_000
    # What is drawn is what is written.
    end = max(sum(map(float, bar["cells"])) for bar in bars)
    for bar in steps:
        start, duration = (float(cell) * 1_000 / end for cell in bar["cells"])
        assert bar["bar"] == pytest.approx([start, duration], abs=1)


def test_search_and_sort(page: Page, site: Demo) -> None:
    visit(page, site, "/stocktake/")
    panel = open_panel(page)
    everything = len(rows(panel, "timers"))
    panel.locator("input").fill("stocktake shop.views")
    assert [row["name"] for row in rows(panel, "timers")] == ["view.shop.views.stocktake.GET"]
    assert panel.locator("[data-statsd-table=counters]").is_hidden()
    panel.locator("input").fill("")
    assert len(rows(panel, "timers")) == everything
    table = panel.locator("[data-statsd-table=timers]")
    for heading, place in (("Count", 0), ("Upper", 5)):
        for falling in (True, False):
            table.get_by_role("button", name=heading).click()
            values = [float(row["cells"][place]) for row in rows(panel, "timers")]
            assert values == sorted(values, reverse=falling)
    table.get_by_role("button", name="Name").click()
    names = [row["name"] for row in rows(panel, "timers")]
    assert names == sorted(names, key=str.lower)


def test_by_keyboard_alone(page: Page, site: Demo) -> None:
    visit(page, site, "/books/")
    panel = open_panel(page)
    panel.locator("input").focus()
    page.keyboard.type("response")
    assert [row["name"] for row in rows(panel, "counters")] == ["response.200"]
    page.keyboard.press("Escape")
    assert panel.locator("input").input_value() == ""
    button = panel.locator("[data-statsd-table=timers]").get_by_role("button", name="Count")
    button.focus()
    page.keyboard.press("Enter")
    heading = panel.locator("[data-statsd-table=timers] th[aria-sort]")
    assert heading.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"


def test_the_history_has_a_request_that_the_page_made_later(page: Page, site: Demo) -> None:
    visit(page, site, "/books/")
    page.evaluate("fetch('/stocktake/').then(answer => answer.text())")
    open_panel(page)
    page.locator("#djdt-HistoryPanel a.HistoryPanel").click()
    page.locator("#HistoryPanel button.refreshHistory").click()
    button = page.locator("#HistoryPanel tr", has_text="/stocktake/").first.locator("button.switchHistory")
    wanted = button.get_attribute("data-request-id")
    button.click()
    # The panels are replaced when the answer is there; until then a click opens the other request's.
    page.locator(f"#djDebug[data-request-id='{wanted}']").wait_for(state="attached")
    page.locator("#djdt-StatsdPanel a.StatsdPanel").click()
    panel = page.locator(f"{PANEL} [data-statsd-panel]")
    panel.get_by_text("shop.stocktake.novel").first.wait_for()
    assert "view.shop.views.stocktake.GET" in {row["name"] for row in rows(panel, "timers")}


def test_the_page_after_a_form_has_its_panel(page: Page, site: Demo) -> None:
    visit(page, site, "/wanted/")
    page.get_by_label("Title").fill("Cranford")
    page.get_by_label("Author").fill("Elizabeth Gaskell")
    page.get_by_label("The most you would pay").fill("7")
    page.get_by_role("button", name="Look for it").click()
    page.wait_for_load_state()
    assert "response.200" in {row["name"] for row in rows(open_panel(page), "counters")}


def test_nothing_moves_sideways_on_a_narrow_screen(page: Page, site: Demo) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    visit(page, site, "/stocktake/")
    panel = open_panel(page)
    box = panel.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 380 + 1
    assert panel.locator("input").is_visible()
