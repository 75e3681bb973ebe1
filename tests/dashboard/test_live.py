"""The parts of the live dashboard when things happen in between: nothing is lost, nobody told too much."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client, RequestFactory

from django_metrics_statsd import sections
from django_metrics_statsd.dashboard.access import Visitor
from django_metrics_statsd.dashboard.admin import WidgetAdmin
from django_metrics_statsd.dashboard.live import changes, messenger, streams
from django_metrics_statsd.dashboard.live import hub as hubs
from django_metrics_statsd.dashboard.live.hub import Hub, Listener
from django_metrics_statsd.dashboard.live.watcher import Watcher
from django_metrics_statsd.dashboard.models import Widget
from django_metrics_statsd.dashboard.updating import update, update_one
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need
from django_metrics_statsd.dashboard.widget_pool import DashboardWidgetPool
from tests.services.harness import wait_until

pytestmark = pytest.mark.urls("tests.dashboard.urls")
committing = pytest.mark.django_db(transaction=True)


class Open(DashboardWidgetBase):
    template_name = "metrics_dashboard/widgets/number.html"
    update_interval = 1

    def get_context_data(self) -> dict[str, Any]:
        return {"number": 1}


class Secret(Open):
    permission = "auth.view_user"


@pytest.fixture
def viewer(db: None) -> Client:
    user = User.objects.create_user("viewer")
    user.user_permissions.add(Permission.objects.get(codename="can_view_dashboard"))
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


@committing
def test_a_change_between_two_queries_is_found_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, real = changes.record(["A"]), changes.latest

    def late() -> int:
        monkeypatch.setattr(changes, "latest", real)
        changes.record(["B"])
        return real()

    monkeypatch.setattr(changes, "latest", late)
    seq, found = changes.since(seen)
    assert found or changes.since(seq)[1] == {"B": 2}


@pytest.mark.django_db
def test_names_of_widgets_are_told_to_those_who_may_see_them(
    viewer: Client, pool: DashboardWidgetPool
) -> None:
    for kind in (Open, Secret):
        pool.register_widget(kind)
    changes.record(["Open", "Secret"])
    assert viewer.get("/dashboard/changes?since=0").json()["keys"] == ["Open"]


def run(work: Callable[[Hub], Any]) -> Any:
    """Run a coroutine function with a hub, and wait for the ends of the hub's threads."""

    async def whole() -> Any:
        hub = Hub()
        try:
            return await work(hub)
        finally:
            for listener in list(hub._listeners):
                hub.leave(listener)

    return asyncio.run(whole())


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """The table of changes, and no checker."""
    rows: dict[str, int] = {}
    newest = lambda: max(rows.values(), default=0)  # noqa: E731
    monkeypatch.setattr(
        changes, "since", lambda seq: (newest(), {key: row for key, row in rows.items() if row > seq})
    )
    monkeypatch.setattr(Hub, "_check", lambda self: None)
    yield rows
    wait_until(
        lambda: not [each for each in threading.enumerate() if each.name.startswith("metrics-dashboard")],
        "the threads to end",
    )


NAMES = frozenset("ABC")


async def first_look(hub: Hub) -> None:
    """Wait until the hub's watcher has looked once."""
    await asyncio.to_thread(wait_until, lambda: hub._known is not None, "the first look")


def test_a_stream_is_told_of_what_its_visitor_may_see_alone(table: dict[str, int]) -> None:
    table.update(A=1, B=2, D=3)

    async def work(hub: Hub) -> list[str]:
        listener = Listener(Visitor(), 0, NAMES)
        hub.join(listener)
        await listener.wait(5)
        return listener.take()

    assert run(work) == ["A", "B"]


def test_who_may_see_less_than_before_is_told_once_to_ask(table: dict[str, int]) -> None:
    async def work(hub: Hub) -> list[list[str]]:
        listener = Listener(Visitor(), 0, NAMES)
        found = []
        for _ in range(2):
            listener.may_see(frozenset("AB"))
            await listener.wait(0.1)
            found.append(listener.take())
        listener.offer(1, {"C": 1})
        return [*found, listener.take()]

    assert run(work) == [["C"], [], []]


def test_past_the_limit_a_stream_ends_with_a_word(settings: Any, table: dict[str, int]) -> None:
    settings.DASHBOARD_MAX_STREAMS = 2

    async def work(hub: Hub) -> list[bool]:
        return [hub.join(Listener(Visitor(), 0, NAMES)) for _ in range(3)]

    assert run(work) == [True, True, False]


def test_a_page_that_knows_more_than_this_process_need_not_fetch_everything(table: dict[str, int]) -> None:
    table.update(A=8, B=10)

    async def work(hub: Hub) -> list[str]:
        first, ahead = Listener(Visitor(), 10, NAMES), Listener(Visitor(), 11, NAMES)
        hub.join(first)
        await first_look(hub)
        hub.join(ahead)
        return ahead.take()

    assert run(work) == []


def test_a_watcher_that_was_stopped_has_no_say(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, int]
) -> None:
    """It may be in the middle of a query when the last page goes and another one comes."""
    table.update(A=8, B=10)
    asked, go_on = threading.Event(), threading.Event()
    real = changes.since

    def since(seq: int) -> tuple[int, dict[str, int]]:
        if seq == 10 and not go_on.is_set():
            table["C"] = 11
            asked.set()
            go_on.wait(5)
            return 11, {"C": 11}
        if seq == 0 and asked.is_set():
            time.sleep(0.3)
        return real(seq)

    monkeypatch.setattr(changes, "since", since)

    async def work(hub: Hub) -> list[str]:
        old, new = Listener(Visitor(), 10, NAMES), Listener(Visitor(), 5, NAMES)
        hub.join(old)
        await asyncio.to_thread(asked.wait, 10)
        hub.leave(old)
        hub.join(new)
        go_on.set()
        told: list[str] = []
        deadline = time.monotonic() + 10
        while len(told) < 3 and time.monotonic() < deadline:
            await new.wait(1)
            told += new.take()
        await asyncio.sleep(0.5)  # nothing more comes
        return sorted(told + new.take())

    assert run(work) == ["A", "B", "C"]


def test_a_thread_that_cannot_start_leaves_nobody_behind(
    monkeypatch: pytest.MonkeyPatch, table: dict[str, int]
) -> None:
    table.update(A=5)
    real, refused = Watcher.start, [True]

    def start(self: Watcher) -> None:
        if refused:
            refused.clear()
            raise RuntimeError("can't start new thread")
        real(self)

    async def nothing() -> None:
        """Instead of giving back a thread of Django's."""

    monkeypatch.setattr(Watcher, "start", start)
    monkeypatch.setattr(streams, "_give_back_the_thread", nothing)

    async def work(hub: Hub) -> bytes:
        monkeypatch.setattr(streams, "hub", hub)
        with pytest.raises(RuntimeError):
            await anext(streams.frames(Visitor(), 0, NAMES))
        assert len(hub) == 0
        stream = streams.frames(Visitor(), 0, NAMES)
        await anext(stream)
        frame = await asyncio.wait_for(anext(stream), 10)
        await stream.aclose()  # type: ignore[attr-defined]
        return frame

    assert b'"keys": ["A"]' in run(work)


def test_one_user_that_cannot_be_asked_about_keeps_no_other_from_being_asked(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    hub, asked = Hub(), []
    monkeypatch.setattr(hub, "_due", lambda: [Visitor(number) for number in range(4)])

    def sees(visitor: Visitor, widgets: Any) -> None:
        asked.append(visitor.user)
        if visitor.user == 1:
            raise RuntimeError("a backend of the site's own")

    monkeypatch.setattr(hubs, "still_sees", sees)
    hub._ask_about_some({})
    assert asked == [0, 1, 2, 3]
    assert faults == {"dashboard.checker": 1}


class Ends(Open):
    def update_widget_data(self) -> None:
        raise SystemExit(1)


class Unsure(Open):
    def should_update(self) -> bool:
        raise LookupError("no such clock")


@committing
@pytest.mark.parametrize("bad", [Ends, Unsure])
def test_a_widget_that_ends_the_process_or_cannot_say_when_stops_nobody(
    pool: DashboardWidgetPool, bad: type[Open]
) -> None:
    for kind in (bad, Open):
        pool.register_widget(kind)
    for _ in range(2):
        time.sleep(1)
        assert {outcome.name: outcome.result for outcome in update()}["Open"] == "updated"


@pytest.mark.django_db
def test_a_title_that_fails_is_the_name(viewer: Client, pool: DashboardWidgetPool) -> None:
    class Untitled(Open):
        def get_title(self) -> str:
            raise LookupError("no title")

    pool.register_widget(Untitled)
    assert "Untitled" in viewer.get("/dashboard/").content.decode()


@pytest.mark.django_db
def test_an_order_can_be_kept_without_the_middleware_for_csrf(
    viewer: Client, pool: DashboardWidgetPool
) -> None:
    pool.register_widget(Open)
    token = viewer.get("/dashboard/").context["csrf_token"]
    data = {"order": ["Open"], "sizes": {}}
    headers = {"X-CSRFToken": str(token)}
    path, kind = "/dashboard/layout", "application/json"
    assert viewer.post(path, data, content_type=kind, headers=headers).status_code == 204
    assert viewer.post(path, "[" * 60_000, content_type=kind, headers=headers).status_code == 400


@committing
def test_open_pages_are_told_when_a_widget_is_switched_off_or_lacks_something(
    pool: DashboardWidgetPool,
) -> None:
    needs: list[Need] = []

    class Wanting(Open):
        def needs(self) -> Need | None:
            return needs[0] if needs else None

        def update_widget_data(self) -> bool:
            return False

    pool.register_widget(Wanting)
    widget, numbers = pool.get_widget("Wanting"), []
    for needed in ([], [Need("a key", "Set it.")], [Need("a key", "Set it.")], []):
        needs[:] = needed
        update_one(widget)
        numbers.append(changes.latest())
    assert numbers == [0, 1, 1, 2]
    row = Widget.objects.get(name="Wanting")
    WidgetAdmin(Widget, admin.site).save_model(RequestFactory().get("/"), row, None, change=True)
    assert changes.latest() == 3


@committing
def test_a_change_can_be_told_of_from_a_coroutine() -> None:
    async def tell() -> None:
        Open().send_update()

    asyncio.run(tell())
    wait_until(lambda: changes.latest() == 1, "the change to be told of")


def test_a_database_that_is_away_is_no_matter_for_who_tells(
    monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    Open().send_update()  # pytest-django lets nobody have the database here
    assert faults == {"dashboard.publish": 1}


@pytest.mark.service
def test_a_redis_that_hangs_holds_up_nobody_for_long(settings: Any) -> None:
    took: list[float] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)  # it accepts, and never answers
        settings.DASHBOARD_MESSENGER_URL = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"

        def wake() -> None:
            began = time.monotonic()
            messenger.wake(1)
            took.append(time.monotonic() - began)

        threads = [threading.Thread(target=wake) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        messenger.close()
    assert max(took) < 5.5


def test_of_pages_below_each_other_one_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    places = {"dashboard": "/metrics/", "monitoring": "/metrics/stats/"}
    monkeypatch.setattr(sections, "_sections", {})
    sections.add("a", "Dashboard", lambda: places["dashboard"], lambda request: False)
    sections.add("b", "Monitoring", lambda: places["monitoring"], lambda request: True)
    (link,) = sections.links(RequestFactory().get("/metrics/stats/"))
    assert (link.title, link.current) == ("Monitoring", "page")


class Deaf:
    """A connection to Redis that looks well and brings nothing, as one that a network forgot."""

    connected, closed = True, False

    def connect(self) -> bool:
        return False

    def wait(self, seconds: float) -> bool:
        return False

    def close(self) -> None:
        self.connected, self.closed = False, True


@pytest.mark.django_db
def test_a_connection_that_brings_no_messages_is_given_up(table: dict[str, int]) -> None:
    told: list[int] = []
    watcher, receiver = Watcher(lambda seq, found: told.append(seq)), Deaf()
    table.update(A=1)
    watcher._look()
    for changed in (False, True):
        if changed:
            table.update(A=2)
        watcher._looked = 0.0  # it is time to look, message or not
        watcher._round(receiver)  # type: ignore[arg-type]
        assert receiver.closed is changed
    assert told == [1, 2]
