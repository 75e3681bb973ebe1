"""Chromium on the dashboard: tiles change without a reload, are arranged, and say what state they are in."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser import axe
from tests.browser_panel.chromium import chromium
from tests.dashboard.sites import Site, threads
from tests.services.harness import wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service

Serve = Callable[..., Site]
Open = Callable[..., Any]
#: What the browser itself says of a server that is away or refuses; nothing of the page's own.
AWAY = re.compile(
    r"ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE"
    r"|status of (403|404|503|504)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Open the dashboard of a site as somebody; whatever the console says of errors fails the test."""
    contexts, problems = [], []

    def note(text: str) -> None:
        if not AWAY.search(text):
            problems.append(text)

    def open_page(site: Site, user: str = "", query: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: note(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.set_default_timeout(20_000)
        if user:
            context.request.get(f"{site.origin}/enter/{user}")
        page.goto(f"{site.origin}/dashboard/{query}")
        in_state(page, "ok")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def in_state(page: Any, state: str) -> None:
    page.locator(f"body[data-live-state={state}]").wait_for()


def shows(page: Any, name: str, value: int) -> None:
    page.locator(f"[data-tile={name}] .big", has_text=re.compile(f"^{value}$")).wait_for()


def status(page: Any) -> str:
    return str(page.locator("[data-live-status]").text_content())


@pytest.mark.parametrize(
    ("kind", "redis_too", "says"),
    [
        ("uvicorn", False, "live"),
        ("uvicorn", True, "live"),
        ("asgi", False, "live"),
        ("asgi", True, "live"),
        ("gunicorn", False, "asking every 1 s"),
        ("gunicorn", True, "asking every 1 s"),
        ("runserver", False, "asking every 1 s"),
        ("runserver", True, "asking every 1 s"),
    ],
)
def test_a_tile_changed_by_another_process_appears_without_a_reload_and_over_restarts(
    serve: Serve, visit: Open, request: pytest.FixtureRequest, kind: str, redis_too: bool, says: str
) -> None:
    redis: Redis | None = request.getfixturevalue("redis") if redis_too else None
    site = serve(kind, **({"DASHBOARD_MESSENGER_URL": redis.url} if redis else {}))
    page = visit(site, "viewer")
    page.evaluate("window.sameDocument = true")
    assert status(page) == says
    site.set_value("Counter", 41)
    shows(page, "Counter", 41)
    if redis:
        redis.stop()
        site.set_value("Counter", 43)
        shows(page, "Counter", 43)
        redis.start()
    site.stop()
    in_state(page, "warn")
    assert status(page) == "reconnecting …"
    site.set_value("Counter", 142)
    site.start()
    shows(page, "Counter", 142)
    in_state(page, "ok")
    assert "warn" in page.locator("[data-tile=Counter]").get_attribute("class").split()
    assert page.evaluate("window.sameDocument") is True


def test_a_swap_keeps_focus_and_what_is_open(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    summary = page.locator("[data-tile=Counter] summary")
    summary.click()
    summary.focus()
    page.evaluate("addEventListener('dash:swapped', event => window.swapped = event.detail.key)")
    site.set_value("Counter", 5)
    shows(page, "Counter", 5)
    assert page.evaluate("document.activeElement.closest('[data-tile]').dataset.tile") == "Counter"
    assert page.locator("[data-tile=Counter] details").get_attribute("open") is not None
    assert page.evaluate("window.swapped") == "Counter"


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_an_open_page_of_who_may_no_longer_look_says_so_and_shows_nothing_more(
    serve: Serve, visit: Open, kind: str
) -> None:
    site = serve(kind, DASHBOARD_CHECK_SECONDS=0.5)
    page = visit(site, "viewer")
    site.shell(
        "from django.contrib.auth.models import User\n"
        "User.objects.get(username='viewer').user_permissions.clear()"
    )
    page.locator("[data-denied]").wait_for()
    assert "no longer" in page.locator("[data-denied]").text_content()
    assert page.locator("[data-tile=Counter] .big").count() == 0


def test_a_page_that_nobody_sees_holds_no_stream_open(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    change = "document.dispatchEvent(new Event('visibilitychange'))"
    pid = site.running().pid
    wait_until(lambda: threads(pid) > 2, "the threads to begin")
    before = threads(pid)
    page.evaluate(hide % "true" + change)
    # The watcher and the checker live as long as streams do.
    wait_until(lambda: threads(pid) <= before - 2, "the stream to end")
    site.set_value("Counter", 9)
    page.evaluate(hide % "false" + change)
    shows(page, "Counter", 9)


def order(page: Any) -> list[str]:
    return list(page.locator("[data-tile]").evaluate_all("all => all.map(each => each.dataset.tile)"))


def said(page: Any) -> str:
    return str(page.locator("[data-said]").text_content())


def saved(page: Any) -> Any:
    return page.expect_response(lambda answer: answer.url.endswith("/layout") and answer.status == 204)


def test_tiles_are_moved_by_keyboard_announced_and_stay_after_a_reload(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    handle = page.get_by_role("button", name="Move Orders")
    handle.focus()
    with saved(page):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    assert order(page) == [before[1], before[2], before[0], *before[3:]]
    assert said(page) == f"Orders: place 3 of {len(before)}"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move Orders"
    page.get_by_role("button", name="Size of Orders").focus()
    with saved(page):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    assert said(page) == "Orders: 2 wide, 2 high"
    page.reload()
    assert order(page) == [before[1], before[2], before[0], *before[3:]]
    assert {"w2", "h2"} <= set(page.locator("[data-tile=Counter]").get_attribute("class").split())
    page.get_by_role("button", name="Arrange").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Reset").click()
    assert order(page) == before


def test_another_user_keeps_an_order_of_its_own(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    page.get_by_role("button", name="Move Orders").focus()
    with saved(page):
        page.keyboard.press("End")
    assert order(page)[-1] == "Counter"
    assert order(visit(site, "other")) == before


def centre(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_tiles_are_dragged_with_a_mouse_and_stay_after_a_reload(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    page.get_by_role("button", name="Arrange").click()
    page.mouse.move(*centre(page, "[data-tile=Counter] [data-move]"))
    page.mouse.down()
    page.mouse.move(*centre(page, "[data-tile=Table]"), steps=8)
    with saved(page):
        page.mouse.up()
    assert order(page).index("Counter") > order(page).index("Wide")
    dragged = order(page)
    page.reload()
    assert order(page) == dragged
    page.get_by_role("button", name="Arrange").click()
    page.mouse.move(*centre(page, "[data-tile=Counter] [data-size]"))
    page.mouse.down()
    x, y = centre(page, "[data-tile=Counter] [data-size]")
    page.mouse.move(x + 280, y + 100, steps=8)
    with saved(page):
        page.mouse.up()
    assert page.locator("[data-tile=Counter]").get_attribute("data-w") == "2"


def test_escape_puts_a_dragged_tile_back(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    page.mouse.move(*centre(page, "[data-tile=Counter] [data-move]"))
    page.mouse.down()
    page.mouse.move(*centre(page, "[data-tile=Table]"), steps=8)
    assert order(page) != before
    page.keyboard.press("Escape")
    assert order(page) == before
    page.mouse.up()


def test_tiles_are_dragged_with_a_finger(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer", viewport={"width": 420, "height": 860}, has_touch=True)
    page.get_by_role("button", name="Arrange").tap()
    before = order(page)
    x, y = centre(page, f"[data-tile={before[0]}] [data-move]")
    to_x, to_y = centre(page, f"[data-tile={before[1]}]")
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": each[0], "y": each[1]} for each in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (x, y))
    for step in range(1, 9):
        touch("touchMove", (x + (to_x - x) * step / 8, y + (to_y - y) * step / 8))
    with saved(page):
        touch("touchEnd")
    assert order(page)[:2] == [before[1], before[0]]


def test_the_order_of_who_is_not_logged_in_stays_in_the_browser(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn", DASHBOARD_REQUIRE_LOGIN=False)
    page = visit(site)
    before = order(page)
    page.get_by_role("button", name="Arrange").click()
    page.get_by_role("button", name="Move Orders").focus()
    page.keyboard.press("End")
    wait_until(
        lambda: page.evaluate("localStorage.getItem('metrics_dashboard.layout')"), "the order to be kept"
    )
    page.reload()
    assert order(page) == [*before[1:], before[0]]
    assert order(visit(site)) == before


@pytest.mark.parametrize("arranging", [False, True])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(serve: Serve, visit: Open, scheme: str, arranging: bool) -> None:
    site = serve("uvicorn")
    page = visit(site, "root", color_scheme=scheme, reduced_motion="reduce")
    if arranging:
        page.get_by_role("button", name="Arrange").click()
    assert axe.violations(page) == []


def test_a_narrow_page_needs_no_sideways_scroll(serve: Serve, visit: Open) -> None:
    page = visit(serve("uvicorn"), "root", viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="Arrange").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_wall_screen_has_tiles_and_the_state_and_nothing_to_press(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer", "?kiosk", viewport={"width": 1920, "height": 1080})
    assert page.get_by_role("button").count() == 0
    assert status(page) == "live"
    site.set_value("Counter", 6)
    shows(page, "Counter", 6)


def test_a_tile_that_somebody_may_no_longer_see_is_emptied(serve: Serve, visit: Open) -> None:
    site = serve("uvicorn", DASHBOARD_CHECK_SECONDS=0.5)
    site.shell(
        "from django.contrib.auth.models import Permission, User\n"
        "User.objects.get(username='viewer').user_permissions.add("
        "Permission.objects.get(codename='view_user'))"
    )
    site.set_value("Secret", 77)
    page = visit(site, "viewer")
    shows(page, "Secret", 77)
    site.shell(
        "from django.contrib.auth.models import Permission, User\n"
        "User.objects.get(username='viewer').user_permissions.remove("
        "Permission.objects.get(codename='view_user'))"
    )
    page.locator("[data-tile=Secret].gone").wait_for(state="attached")
    assert "77" not in page.locator("[data-tile=Secret]").text_content()
    site.set_value("Counter", 8)
    shows(page, "Counter", 8)


def test_a_widget_that_is_switched_off_is_gone_from_open_pages_and_comes_back(
    serve: Serve, visit: Open
) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    switch = (  # what the admin does
        "from django_metrics_statsd.dashboard.live.publishing import publish\n"
        "from django_metrics_statsd.dashboard.models import Widget\n"
        "Widget.objects.update_or_create(name='Counter', defaults={{'enabled': {}}})\n"
        "publish('Counter')"
    )
    site.shell(switch.format(False))
    page.locator("[data-tile=Counter].gone").wait_for(state="attached")
    site.shell(switch.format(True))
    page.locator("[data-tile=Counter]:not(.gone) .big").wait_for()


def test_a_tile_that_cannot_be_had_is_asked_for_now_and_then_however_often_it_changes(
    serve: Serve, visit: Open
) -> None:
    site = serve("uvicorn")
    page = visit(site, "viewer")
    asked: list[float] = []

    def refuse(route: Any) -> None:
        asked.append(time.monotonic())
        route.fulfill(status=504, body="slow")

    page.route("**/dashboard/widget/Counter", refuse)
    began = time.monotonic()
    for value in range(6):
        site.set_value("Counter", value)
    page.wait_for_timeout(max(0.0, 9_000 - 1_000 * (time.monotonic() - began)))
    assert 2 <= len(asked) <= 6
    page.unroute("**/dashboard/widget/Counter")
    shows(page, "Counter", 5)


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_a_server_that_hangs_is_not_called_live(serve: Serve, visit: Open, kind: str) -> None:
    site = serve(kind)
    page = visit(site, "viewer")
    group = os.getpgid(site.running().pid)
    os.killpg(group, signal.SIGSTOP)
    try:
        page.locator("body[data-live-state=warn]").wait_for(timeout=60_000)
    finally:
        os.killpg(group, signal.SIGCONT)
    site.set_value("Counter", 3)
    shows(page, "Counter", 3)
    in_state(page, "ok")
