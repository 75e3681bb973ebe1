"""The page in Chromium: it keeps itself up to date, by keyboard, in light, dark and narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.axe import violations
from tests.health_page.conftest import HealthSite

Open = Callable[..., Any]
#: The page looks every five seconds; a busy machine may take longer.
SOON = 30_000


def state(page: Any, key: str) -> Any:
    return page.locator(f'[data-key="{key}"] .state').first


def becomes(page: Any, key: str, wanted: str) -> None:
    page.wait_for_function(
        "([key, wanted]) => [...document.querySelectorAll('[data-key]')]"
        ".some(row => row.dataset.key === key && row.dataset.state === wanted)",
        arg=[key, wanted],
        timeout=SOON,
    )


def test_a_state_that_changes_is_shown_without_a_reload(opened: Open, site: HealthSite) -> None:
    page = opened()
    page.evaluate("window.stays = true")
    assert state(page, "shelf").inner_text() == "ok"
    site.shelf.write_text("warn three books left")
    becomes(page, "shelf", "warn")
    assert "three books left" in page.locator('[data-key="shelf"]').inner_text()
    assert page.locator("#status").inner_text() == "shelf is now warn"
    site.shelf.write_text("ok")
    becomes(page, "shelf", "ok")
    before = page.locator('[data-key="shelf"] details[data-open$=past]')
    before.locator("summary").click()
    assert "three books left" in before.inner_text()
    assert page.evaluate("window.stays")
    assert page.title() == "fail – Health"  # for a door is broken


def test_what_is_open_stays_open_and_keeps_the_focus(opened: Open, site: HealthSite) -> None:
    page = opened()
    details = page.locator('[data-key="shelf"] details[data-open$=details]')
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None
    site.shelf.write_text("warn look")
    becomes(page, "shelf", "warn")
    assert details.get_attribute("open") is not None
    assert page.evaluate("document.activeElement.closest('details').dataset.open") == "shelf details"


def test_it_can_be_paused(opened: Open, site: HealthSite) -> None:
    page = opened()
    page.locator("#live-pause").focus()
    page.keyboard.press("Space")
    assert page.locator("#live-pause").get_attribute("aria-pressed") == "true"
    site.shelf.write_text("warn look")
    page.wait_for_timeout(7_000)
    assert state(page, "shelf").inner_text() == "ok"
    page.locator("#live-again").click()
    becomes(page, "shelf", "warn")


def test_a_site_that_is_gone_is_said_and_comes_back(opened: Open, site: HealthSite) -> None:
    page = opened(forgive="ERR_CONNECTION_REFUSED")
    site.stop()
    page.wait_for_function(
        "() => document.getElementById('live-text').classList.contains('gone')", timeout=SOON
    )
    assert "has not answered since" in page.locator("#live-text").inner_text()
    assert page.locator("[data-key]").count() > 5  # the last that was known stays
    site.start()
    page.wait_for_function(
        "() => !document.getElementById('live-text').classList.contains('gone')", timeout=2 * SOON
    )
    becomes(page, "shelf", "ok")


def test_without_scripts_it_is_read_all_the_same(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    assert state(page, "closed").inner_text() == "skipped"
    assert not page.locator("#live-pause").is_visible()
    page.locator("#live-again").click()
    assert state(page, "closed").inner_text() == "skipped"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
@pytest.mark.parametrize("query", ["", "&kiosk"])
def test_nothing_is_in_the_way_of_anybody(
    opened: Open, site: HealthSite, scheme: Any, width: int, query: str
) -> None:
    site.shelf.write_text("warn three books left, and a message long enough to need a second line")
    page = opened(query, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_by_keyboard_everything_is_reached(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"live-pause", "live-again", "SUMMARY", "A"} <= reached
