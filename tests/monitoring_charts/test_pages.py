"""The look and the charts in Chromium, under a policy that forbids everything inline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.axe import violations

pytestmark = pytest.mark.service
Look = Callable[..., Any]

_SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
#: Elements that reach out of the page, whatever hides them.
_INLINE = "document.querySelectorAll('[style], style, script:not([src])').length"
_LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 700}},
    "narrow and dark": {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"},
    "tablet": {"viewport": {"width": 768, "height": 900}},
}


@pytest.mark.parametrize("name", _LOOKS)
def test_checker_of_accessibility_finds_nothing(look: Look, name: str) -> None:
    page = look(reduced_motion="reduce", **_LOOKS[name])
    for details in page.locator("details").all():
        details.evaluate("one => { one.open = true }")
    assert violations(page) == []


def test_checker_of_accessibility_finds_nothing_on_a_wall_screen(look: Look) -> None:
    assert violations(look("?kiosk", viewport={"width": 1920, "height": 1080})) == []


@pytest.mark.parametrize("width", [320, 375, 600, 768, 1200, 1920])
def test_page_has_no_sideways_scroll(look: Look, width: int) -> None:
    page = look(viewport={"width": width, "height": 700})
    assert page.evaluate(_SIDEWAYS) is False


def test_script_adds_nothing_inline(look: Look) -> None:
    page = look()
    page.locator(".chart-cursor").first.hover()
    page.locator(".cross").wait_for(state="attached")
    assert page.evaluate(_INLINE) == 0


def _columns(page: Any) -> int:
    shown = page.locator(".grid").evaluate("grid => getComputedStyle(grid).gridTemplateColumns")
    return len(shown.split())


@pytest.mark.parametrize(("width", "columns"), [(1200, 4), (800, 2), (400, 1)])
def test_grid_has_as_many_columns_as_there_is_room_for(look: Look, width: int, columns: int) -> None:
    assert _columns(look(viewport={"width": width, "height": 700})) == columns


def test_letters_in_charts_keep_their_size_on_a_narrow_screen(look: Look) -> None:
    sizes = []
    for width in (320, 1200):
        page = look(viewport={"width": width, "height": 700})
        box = page.locator(".values text").first.bounding_box()
        sizes.append(round(box["height"]))
    assert sizes[0] == sizes[1]


def test_labels_of_the_time_axis_never_overlap(look: Look) -> None:
    for width in (320, 500, 768, 1200):
        page = look(viewport={"width": width, "height": 700})
        overlaps = page.evaluate("""() => [...document.querySelectorAll(".times")].flatMap(times => {
            const boxes = [...times.querySelectorAll("text")]
                .filter(text => getComputedStyle(text).display !== "none")
                .map(text => ({text: text.textContent, ...text.getBoundingClientRect().toJSON()}));
            return boxes.flatMap((one, at) => boxes.slice(at + 1)
                .filter(two => one.left < two.right && two.left < one.right
                    && one.top < two.bottom - 2 && two.top < one.bottom - 2)
                .map(two => `${one.text} on ${two.text}`));
        })""")
        assert overlaps == [], width


def test_arrow_keys_move_a_crosshair_and_say_time_and_values(look: Look) -> None:
    page = look()
    cursor = page.locator(".chart-cursor").first
    page.locator("#main").focus()
    for _ in range(200):
        if cursor.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    else:
        pytest.fail("the key Tab does not come to the chart")
    figure = page.locator("figure.chart").first
    assert figure.locator("[data-moment]").inner_text() == "2026-11-26 15:00:00"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageDown")
    assert figure.locator("[data-moment]").inner_text() == "2026-11-26 14:42:24"
    said = cursor.get_attribute("aria-valuetext")
    value = figure.locator("[data-value]").first.inner_text()
    assert said.startswith(f"2026-11-26 14:42:24: mean {value}, p95 ")
    assert figure.locator(".cross circle").count() == 2
    page.keyboard.press("Home")
    assert cursor.get_attribute("aria-valuenow") == "0"
    page.keyboard.press("ArrowLeft")
    assert cursor.get_attribute("aria-valuenow") == "0"
    page.keyboard.press("Escape")
    assert figure.locator("[data-moment]").inner_text() == "latest"
    assert figure.locator(".cross").count() == 0


def test_pointer_shows_the_nearest_values_and_leaving_the_latest_again(look: Look) -> None:
    page = look()
    figure = page.locator("figure.chart").first
    latest = figure.locator("[data-value]").all_inner_texts()
    box = figure.locator(".chart-cursor").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    assert figure.locator("[data-moment]").inner_text() == "2026-11-26 07:00:00"
    assert figure.locator("[data-value]").all_inner_texts() != latest
    page.mouse.move(5, 5)
    assert figure.locator("[data-value]").all_inner_texts() == latest


def test_crosshair_says_what_the_table_says(look: Look) -> None:
    page = look()
    figure = page.locator("figure.chart").first
    figure.locator("details").evaluate("one => { one.open = true }")
    row = figure.locator("tbody tr").nth(3)
    cursor = figure.locator(".chart-cursor")
    cursor.focus()
    for key in ("End", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert figure.locator("[data-moment]").inner_text() == row.locator("th").inner_text()
    cells = row.locator("td").all_inner_texts()
    assert figure.locator("[data-value]").all_inner_texts() == [f"{cell} ms" for cell in cells]


def test_annotation_under_the_crosshair_is_read_out(look: Look) -> None:
    page = look()
    figure = page.locator("figure.chart").nth(1)
    box = figure.locator(".chart-cursor").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 20)
    assert figure.locator("[data-moment]").inner_text().endswith("deploy 2.4.1")


def test_chart_that_comes_later_has_a_crosshair_too(look: Look) -> None:
    page = look("?late")
    assert page.locator(".chart-cursor").count() == 0
    page.locator("#load").click()
    page.locator("#place .chart-cursor").hover()
    assert page.locator("#place .cross").count() == 1


def test_without_scripts_values_table_and_links_are_there(look: Look) -> None:
    page = look(java_script_enabled=False)
    figure = page.locator("figure.chart").first
    assert figure.locator("[data-value]").first.inner_text().endswith(" ms")
    figure.locator("summary").click()
    assert figure.locator("tbody tr").count() == 200
    assert figure.get_by_role("link", name="CSV").get_attribute("href") == "?format=csv"


def test_chart_over_its_limit_is_red_and_says_so(look: Look) -> None:
    page = look()
    figure = page.locator("figure.chart.over").first
    assert figure.locator("figcaption .state").inner_text() == "over the limit"
    stroke = figure.locator(".threshold.broken line").evaluate("one => getComputedStyle(one).stroke")
    assert stroke == "rgb(207, 34, 46)"


def test_print_is_light_and_keeps_charts_and_opened_tables(look: Look) -> None:
    page = look(color_scheme="dark")
    page.locator("figure.chart details").nth(1).evaluate("one => { one.open = true }")
    page.emulate_media(media="print", color_scheme="dark")
    ground = page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert page.locator(".chart-picture").first.is_visible()
    assert page.locator("figure.chart details").nth(1).is_visible()
    assert not page.locator("figure.chart details").first.is_visible()
    assert not page.locator("nav").is_visible()


def test_states_differ_in_word_colour_and_shape(look: Look) -> None:
    page = look()
    seen = page.locator("table .state").evaluate_all("""all => all.map(one => [one.textContent,
        getComputedStyle(one).color, getComputedStyle(one, "::before").clipPath])""")
    assert [each[0] for each in seen] == ["ok", "warn", "fail", "timeout", "skipped"]
    assert len({each[1] for each in seen}) == len({each[2] for each in seen}) == 5


def test_skip_link_is_first_and_leads_to_the_content(look: Look) -> None:
    page = look()
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    assert link.evaluate("one => one === document.activeElement")
    assert link.bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_wall_screen_has_bigger_letters_and_nothing_to_click(look: Look) -> None:
    size = "body => parseFloat(getComputedStyle(body).fontSize)"
    screen = {"width": 1920, "height": 1080}
    plain, wall = look(viewport=screen), look("?kiosk", viewport=screen)
    assert wall.locator("body").evaluate(size) > 1.5 * plain.locator("body").evaluate(size)
    for selector in ("nav", "button", "form", "details", ".skip"):
        assert not any(each.is_visible() for each in wall.locator(selector).all()), selector


def test_forced_colours_keep_lines_and_bars_visible(look: Look) -> None:
    page = look(forced_colors="active")
    colours = page.evaluate("""() => [getComputedStyle(document.querySelector(".line")).stroke,
        getComputedStyle(document.querySelector(".bars .fill")).fill,
        getComputedStyle(document.body).backgroundColor]""")
    assert colours[2] not in colours[:2]
    assert page.locator(".state").first.is_visible()
