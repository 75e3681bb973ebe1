"""Both modes, every store, panels rendered at once or later: the panel shows what the wire got."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Wire
from tests.toolbar.conftest import STORES, Site

TOOLBAR = "debug_toolbar.middleware.DebugToolbarMiddleware"
TIMING = "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware"
COUNTING = "django_metrics_statsd.middleware.GraphiteMiddleware"
ORDERS = {
    "toolbar first": [TOOLBAR, TIMING, COUNTING],
    "ours first": [TIMING, COUNTING, TOOLBAR],
    "between": [TIMING, TOOLBAR, COUNTING],
}


def on_the_wire(wire: Wire) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for line in wire.lines():
        name, _, rest = line.partition(":")
        value, kind = rest.split("|")[:2]
        found.setdefault((kind, name), []).append(value)
    return found


def on_the_panel(stats: dict[str, Any]) -> dict[tuple[str, str], Any]:
    rows = {"ms": "timers", "c": "counters", "g": "gauges", "s": "sets"}
    return {(kind, row["name"]): row for kind, table in rows.items() for row in stats[table]}


def assert_the_same(stats: dict[str, Any], wire: Wire) -> None:
    sent, shown = on_the_wire(wire), on_the_panel(stats)
    assert set(sent) == set(shown)
    for (kind, name), values in sent.items():
        row = shown[kind, name]
        if kind == "c":
            assert [row["sum"]] == [float(value) for value in values], name
        elif kind == "s":
            assert sorted(row["members"]) == sorted(values)
        elif kind == "g":
            assert row["value"] == float(values[-1])
        else:
            numbers = sorted(map(float, values))
            assert row["count"] == len(numbers), name
            expected = [sum(numbers), numbers[0], sum(numbers) / len(numbers), numbers[-1]]
            given = [row[part] for part in ("sum", "lower", "mean", "upper")]
            assert given == pytest.approx(expected, rel=1e-4), name


@pytest.fixture
def page(mode: str) -> str:
    return "/page/" if mode == "sync" else "/apage/"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("render", [True, False])
@pytest.mark.parametrize("store", STORES)
def test_the_panel_shows_what_the_wire_got(
    site: Site, page: str, wire: Wire, settings: Any, configure: Any, store: str, render: bool, order: str
) -> None:
    settings.MIDDLEWARE = ORDERS[order]
    configure(store, RENDER_PANELS=render)
    wire.lines()
    response, content = site.get(page)
    assert response.status_code == 200
    sent = wire.lines()
    wire.lines = lambda: sent  # type: ignore[method-assign]
    stats = site.stats()
    assert not stats["failed"]
    assert_the_same(stats, wire)
    view = "page" if site.mode == "sync" else "apage"
    assert ("ms", f"view.tests.toolbar.site.{view}.GET") in on_the_panel(stats)
    assert ("c", "response.200") in on_the_panel(stats)
    assert ("ms", "db.sqlite3.default.execute.select") in on_the_panel(stats)
    assert not [name for _, name in on_the_panel(stats) if "HistoryEntry" in name or "insert" in name]
    text = content.decode()
    assert 'id="StatsdPanel"' in text
    assert ("page.timer" in text) is render
    loaded = site.panel()["content"]
    assert "page.timer" in loaded
    assert "response.200" in loaded
    assert "page.gauge" in loaded


def test_the_figures_of_known_values(site: Site, page: str) -> None:
    site.get(page)
    shown = on_the_panel(site.stats())
    assert shown["ms", "page.time"] == {
        "name": "page.time", "tags": [], "rate": 1.0,
        "count": 3, "sum": 33.5, "lower": 3.0, "mean": 33.5 / 3, "p95": 20.5, "upper": 20.5,
    }  # fmt: skip
    assert shown["c", "page.count"]["sum"] == 1
    assert shown["c", "page.count"]["calls"] == 2
    assert (shown["g", "page.gauge"]["value"], shown["g", "page.gauge"]["change"]) == (-1.5, False)
    assert (shown["g", "page.step"]["value"], shown["g", "page.step"]["change"]) == (2, True)
    assert (shown["s", "page.set"]["members"], shown["s", "page.set"]["calls"]) == (["a", "b"], 3)


@pytest.mark.parametrize("order", ORDERS)
def test_a_stream_is_recorded_to_its_end(site: Site, wire: Wire, settings: Any, order: str) -> None:
    settings.MIDDLEWARE = ORDERS[order]
    view = "stream" if site.mode == "sync" else "astream"
    wire.lines()
    _, content = site.get(f"/{view}/")
    assert content == b"abc"
    assert_the_same(site.stats(), wire)
    shown = on_the_panel(site.stats())
    assert shown["c", "stream.part"]["sum"] == 3
    assert ("ms", f"view.tests.toolbar.site.{view}.GET") in shown


@pytest.mark.parametrize("order", ORDERS)
def test_the_error_page_is_recorded(site: Site, wire: Wire, settings: Any, order: str) -> None:
    settings.MIDDLEWARE = ORDERS[order]
    wire.lines()
    response, _ = site.get("/broken/")
    assert response.status_code == 500
    assert_the_same(site.stats(), wire)
    assert {("c", "broken.before"), ("c", "response.500")} <= set(on_the_panel(site.stats()))
