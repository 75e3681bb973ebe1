"""Requests of every sort, many at a time, and what must not happen to them because of the panel."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from debug_toolbar.store import MemoryStore, deserialize, serialize
from debug_toolbar.toolbar import DebugToolbar
from django.core.handlers.asgi import ASGIHandler
from django.test import Client
from django.utils.decorators import sync_only_middleware

from django_metrics_statsd import panel, recording
from django_metrics_statsd.clients import statsd
from django_metrics_statsd.panel import hearing
from tests.conftest import Wire
from tests.toolbar.conftest import STORES, Site


def counters(stats: dict[str, Any]) -> dict[str, float]:
    return {row["name"]: row["sum"] for row in stats["counters"]}


def own(stats: dict[str, Any]) -> dict[str, float]:
    """The counters that the view itself has counted."""
    return {name: total for name, total in counters(stats).items() if not name.startswith("response.")}


# None of these mixes with another


@pytest.fixture
def memory(configure: Any) -> Site:
    configure("MemoryStore")
    return Site("sync")


def test_threads_do_not_mix(memory: Site) -> None:
    together = threading.Barrier(8)

    def ask(number: int) -> tuple[int, str]:
        together.wait()
        return number, Client().get(f"/number/{number}/").headers["djdt-request-id"]

    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(ask, range(11, 51)[:40]))
        assert len({request_id for _, request_id in found}) == 40
        for number, request_id in found:
            assert own(memory.stats(request_id)) == {f"number.{number}": number}
    finally:
        hearing.uninstall()


@pytest.mark.parametrize("path", ["number", "anumber"])
def test_tasks_do_not_mix(memory: Site, path: str) -> None:
    async def main() -> list[Any]:
        numbers = range(1, 31)
        return await asyncio.gather(*(memory.aget(f"/{path}/{number}/") for number in numbers))

    try:
        found = asyncio.run(main())
        for number, (response, _) in enumerate(found, 1):
            stats = memory.stats(response.headers["djdt-request-id"])
            assert own(stats) == {f"number.{number}": number}
    finally:
        hearing.uninstall()


def test_stats_outside_of_a_request_are_nobodys(site: Site) -> None:
    statsd.incr("before")
    site.get("/data/")
    statsd.incr("after")
    assert own(site.stats()) == {"data.count": 1}
    assert recording.present() is None


def test_one_request_after_another_begins_anew(site: Site) -> None:
    ids = [site.get("/data/")[0].headers["djdt-request-id"] for _ in range(3)]
    assert [counters(site.stats(each)) for each in ids] == [{"data.count": 1, "response.200": 1}] * 3


# Requests without a page


@pytest.mark.parametrize(("path", "status"), [("/data/", 200), ("/moved/", 302)])
@pytest.mark.parametrize("store", STORES)
def test_answers_without_a_page_are_in_the_history(
    site: Site, configure: Any, store: str, path: str, status: int
) -> None:
    configure(store)
    response, _ = site.get(path)
    request_id = response.headers["djdt-request-id"]
    assert counters(site.stats(request_id)) == {f"{path[1:-1]}.count": 1, f"response.{status}": 1}
    sidebar = Client().get("/__debug__/history_sidebar/", {"request_id": request_id}).json()
    assert "StatsD" in sidebar["StatsdPanel"]["button"]
    assert "stats" in sidebar["StatsdPanel"]["button"]
    assert f"{path[1:-1]}.count" in site.panel(request_id)["content"]


def test_a_script_that_posts_json_is_in_the_history(site: Site) -> None:
    body = json.dumps({"count": 5})
    response, _ = site.ask("POST", "/echo/", data=body.encode(), content_type="application/json")
    assert counters(site.stats(response.headers["djdt-request-id"]))["echo.count"] == 5


def test_the_scripts_are_ours(site: Site) -> None:
    site.get("/data/")
    assert site.panel()["scripts"] == ["/static/django_metrics_statsd/panel.js"]


def test_the_button_tells_how_many(site: Site) -> None:
    _, content = site.get("/hostile/")
    button = content.decode().partition('id="djdt-StatsdPanel"')[2].partition("</li>")[0]
    assert "not sendable" in button
    assert site.stats()["heard"] == 5 + 3


def test_the_toolbars_own_requests_are_not_recorded(site: Site, wire: Wire) -> None:
    site.get("/data/")
    wire.lines()
    site.panel()
    assert wire.lines() in ([], [""])
    assert len(site.ids()) == 1


def test_a_page_without_stats_says_so(site: Site, settings: Any) -> None:
    settings.MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware"]
    site.get("/nothing/")
    assert site.stats()["heard"] == 0
    assert "This request emitted no stats." in site.panel()["content"]


def test_an_excluded_path_says_so(site: Site, settings: Any) -> None:
    settings.STATSD_EXCLUDE = ["/data/"]
    site.get("/data/")
    assert counters(site.stats()) == {"data.count": 1}
    assert site.stats()["muted"] is True
    assert "emit nothing for this path" in site.panel()["content"]


# Nothing for nothing


def test_nobody_listens_before_the_toolbar_is_shown(site: Site) -> None:
    site.get("/data/?plain")
    assert hearing.hear not in statsd._listeners
    site.get("/data/")
    site.get("/data/")
    assert statsd._listeners.count(hearing.hear) == 1


def test_a_panel_that_is_switched_off_records_nothing(site: Site, wire: Wire) -> None:
    cookie = {"headers": {"cookie": "djdtStatsdPanel=off"}}
    site.get("/data/", **cookie)
    assert hearing.hear not in statsd._listeners
    assert site.stats() == {}
    assert "data.count:1|c" in wire.lines()


@pytest.mark.parametrize("store", STORES)
def test_the_stores_work_is_not_the_sites(site: Site, configure: Any, wire: Wire, store: str) -> None:
    configure(store)
    wire.lines()
    site.get("/nothing/")
    names = {line.partition(":")[0] for line in wire.lines()}
    assert {name.partition(".")[0] for name in names} == {"view", "response"}


# Whatever goes wrong


@pytest.mark.parametrize(
    "name", ["summary", "about_process", "context_of", "until_closed", "Recorder", "QuietStore"]
)
@pytest.mark.parametrize("render", [True, False])
def test_what_fails_inside_does_not_break_the_page(
    site: Site,
    configure: Any,
    monkeypatch: pytest.MonkeyPatch,
    faults: dict[str, int],
    name: str,
    render: bool,
) -> None:
    def fail(*args: Any) -> Any:
        raise RuntimeError("on purpose")

    configure("MemoryStore", RENDER_PANELS=render)
    monkeypatch.setattr(panel, name, fail)
    response, content = site.get("/nothing/")
    assert response.status_code == 200
    assert b"djDebug" in content
    assert "statsd-panel" in site.panel()["content"]
    assert any(place.startswith("panel.") for place in faults)


def test_a_store_that_fails_later_does_not_break_the_closing(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[1:], settings.MIDDLEWARE[0]]
    monkeypatch.setattr(MemoryStore, "exists", None)
    assert site.get("/data/")[0].status_code == 200
    assert own(site.stats()) == {"data.count": 1}
    assert faults == {"panel.closed": 1}


def test_a_request_that_is_forgotten_does_not_come_back(site: Site, settings: Any, configure: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE[1:], settings.MIDDLEWARE[0]]
    configure("MemoryStore", RESULTS_CACHE_SIZE=2)
    response: Any = Client().get("/stream/")
    first = response.headers["djdt-request-id"]
    for _ in range(3):
        Client().get("/data/")
    assert b"".join(response) == b"abc"
    assert first not in site.ids()


@pytest.mark.parametrize("stats", [{}, {"failed": True}, {"heard": 1}, {"timers": [{"name": "a"}]}])
def test_what_is_missing_is_left_out(site: Site, faults: dict[str, int], stats: dict[str, Any]) -> None:
    site.get("/nothing/")
    [request_id] = site.ids()
    toolbar: Any = DebugToolbar.fetch(request_id, "StatsdPanel")
    toolbar.stats = {"StatsdPanel": stats}
    made = toolbar.get_panel_by_id("StatsdPanel")
    assert "statsd-panel" in made.content
    assert isinstance(made.nav_subtitle, str)
    assert made.title == made.nav_title == "StatsD"


# What is stored, and what is shown of it


@pytest.mark.parametrize("path", ["/page/", "/hostile/", "/slow/", "/many/?times=2500"])
def test_what_is_stored_is_what_was_recorded(site: Site, configure: Any, path: str) -> None:
    made: list[dict[str, Any]] = []
    record = panel.StatsdPanel.record_stats

    def remember(self: Any, stats: dict[str, Any]) -> None:
        made.append(stats)
        record(self, stats)

    panel.StatsdPanel.record_stats = remember  # type: ignore[method-assign]
    try:
        site.get(path)
    finally:
        del panel.StatsdPanel.record_stats
    assert len(made) == 1
    assert deserialize(serialize(made[0])) == made[0] == site.stats()


def test_what_is_hostile_is_only_text(site: Site, settings: Any) -> None:
    from django_metrics_statsd.metlog import client_from_dict_config

    settings.METLOG = client_from_dict_config(
        {"logger": "x", "sender": {"class": "metlog.senders.dev.DebugCaptureSender"}}
    )
    settings.TOOLBAR_STATSD = {
        "graphite": 'http://g.example/render/?"><script>',
        "roots": {"timers": ['"><script>'], "counts": ["{key}'"]},
        "links": {'"><script>': "https://x.example/?q={key}&\"'><script>"},
    }
    site.get("/hostile/")
    content = site.panel()["content"]
    assert "<script" not in content
    assert "style=" not in content
    assert "onerror=x" in content  # as text, of the metlog message
    assert " onerror" not in content.replace("&#x27; onerror=x", "")
    assert "javascript:" not in content
    assert "{{" in content
    assert len(site.stats()["refused"]) == 2


def test_nothing_is_inline(site: Site, configure: Any) -> None:
    configure("MemoryStore", RENDER_PANELS=True)
    _, page = site.get("/page/" if site.mode == "sync" else "/apage/")
    inside = page.decode().partition("data-statsd-panel")[2].partition("Where the stats go")[0]
    for text in (site.panel()["content"], inside):
        assert text
        assert "<style" not in text
        assert "<script" not in text
        assert " style=" not in text
        assert " on" not in text.replace(" once", "").replace(" one", "").replace(" only", "").replace(
            " of", ""
        )


def test_the_waterfall_matches_a_known_slow_page(site: Site) -> None:
    site.get("/slow/")
    bars = {bar["name"]: bar for bar in site.stats()["bars"]}
    first, second = bars["slow.first"], bars["slow.second"]
    assert 20 <= first["duration"] < 20_000
    assert 30 <= second["duration"] < 20_000
    assert second["start"] >= first["start"] + first["duration"] - 0.01
    view = bars["view.tests.toolbar.site.slow.GET"]
    assert view["start"] <= first["start"] + 0.01
    assert view["duration"] >= first["duration"] + second["duration"]


def test_long_tables_are_cut_and_say_so(site: Site) -> None:
    site.get("/many/?times=10500")
    stats = site.stats()
    assert stats["lost"] > 500
    assert sum(row["count"] for row in stats["timers"] if row["name"].startswith("many.")) == 10_000
    assert len(stats["bars"]) == 1_000
    content = site.panel()["content"]
    assert f"{stats['lost']} more were emitted" in content
    assert "Only the first 1000 are shown; 9000 are left out." in content


# Metlog


@pytest.mark.parametrize("client", ["metlog", "null"])
def test_metlog_messages_are_shown_and_nothing_twice(site: Site, settings: Any, client: str) -> None:
    from django_metrics_statsd.metlog import client_from_dict_config

    settings.STATSD_CLIENT = f"django_metrics_statsd.clients.{client}"
    settings.METLOG = client_from_dict_config(
        {"logger": "shop", "sender": {"class": "metlog.senders.DebugCaptureSender"}}
    )
    site.get("/metlogged/")
    stats = site.stats()
    assert own(stats) == {"metlog.count": 3, "handle.count": 1}
    assert [row["sum"] for row in stats["timers"] if row["name"] == "metlog.time"] == [7]
    kinds = [(row["type"], row["name"]) for row in stats["messages"]]
    assert kinds[:3] == [("counter", "metlog.count"), ("timer", "metlog.time"), ("oldstyle", "")]
    assert (("counter", "handle.count") in kinds) is (client == "metlog")
    content = site.panel()["content"]
    assert "a line for people" in content
    assert "Metlog messages" in content


# Real ASGI: the response is closed in another context than the request's


@pytest.mark.parametrize("path", ["/astream/", "/data/"])
@pytest.mark.parametrize("ours_first", [True, False])
def test_under_asgi_the_end_is_recorded_too(
    configure: Any, settings: Any, wire: Wire, path: str, ours_first: bool, transactional_db: None
) -> None:
    if ours_first:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE[1:], settings.MIDDLEWARE[0]]
    configure("MemoryStore")

    async def main() -> bytes:
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
        asked = ApplicationCommunicator(ASGIHandler(), scope)
        await asked.send_input({"type": "http.request", "body": b""})
        body, more = b"", True
        while more:
            part = await asked.receive_output(5)
            body += part.get("body", b"")
            more = part["type"] == "http.response.start" or part.get("more_body", False)
        await asked.wait(5)
        return body

    site = Site("async")
    try:
        wire.lines()
        assert asyncio.run(main())
        names = {line.partition(":")[0] for line in wire.lines()}
        stats = site.stats()
        assert {row["name"] for table in ("timers", "counters") for row in stats[table]} == names
        assert "view.GET" in names
    finally:
        hearing.uninstall()


@sync_only_middleware
def sync_only(get_response: Any) -> Any:
    return lambda request: get_response(request)


def test_a_toolbar_in_a_thread_under_asgi_works(
    configure: Any, settings: Any, transactional_db: None
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.toolbar.test_requests.sync_only"]
    configure("MemoryStore")
    site = Site("async")
    try:
        assert site.get("/data/")[0].status_code == 200
        assert counters(site.stats()) == {"data.count": 1, "response.200": 1}
    finally:
        hearing.uninstall()


def nonce(get_response: Any) -> Any:
    """A middleware that gives requests a nonce, as django-csp's does."""

    def give(request: Any) -> Any:
        request.csp_nonce = "n0nce"
        return get_response(request)

    return give


@pytest.mark.parametrize("render", [True, False])
def test_the_style_sheet_has_the_pages_nonce(configure: Any, settings: Any, render: bool) -> None:
    settings.MIDDLEWARE = ["tests.toolbar.test_requests.nonce", *settings.MIDDLEWARE]
    configure("MemoryStore", RENDER_PANELS=render)
    site = Site("sync")
    try:
        _, content = site.get("/nothing/")
        link = '<link rel="stylesheet" href="/static/django_metrics_statsd/panel.css" nonce="n0nce">'
        assert (link in content.decode()) is render
        loaded = site.panel()["content"]  # where the script adds it, with the nonce of the page
        assert "<link" not in loaded
        assert 'data-statsd-css="/static/django_metrics_statsd/panel.css"' in loaded
    finally:
        hearing.uninstall()
