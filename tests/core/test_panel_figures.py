"""From what was heard to figures, and from figures to what the page shows."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.observation import current
from django_metrics_statsd.panel import display, figures, pictures
from django_metrics_statsd.panel.process import about_process
from django_metrics_statsd.panel.stores import QuietStore, muted
from django_metrics_statsd.recording import Message, Recorder, Refused, Stat


def recorded(*stats: Stat | Refused) -> Recorder:
    recorder = Recorder()
    for stat in stats:
        recorder.keep(stat)
    return recorder


def timing(name: str, value: float, at: float = 100.0, rate: float = 1.0) -> Stat:
    return Stat(at, "ms", name, (), rate, value)


def test_nothing_is_nothing() -> None:
    found = figures.summary(Recorder())
    assert found["heard"] == found["lost"] == 0
    assert not found["timers"]
    assert not found["left_out"]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_a_timers_figures(values: list[float]) -> None:
    [row] = figures.summary(recorded(*(timing("t", value) for value in values)))["timers"]
    assert row["count"] == len(values)
    assert row["sum"] == math.fsum(values)
    assert (row["lower"], row["upper"]) == (min(values), max(values))
    assert row["mean"] == pytest.approx(sum(values) / len(values))
    assert sum(value <= row["p95"] for value in values) >= 0.95 * len(values)
    assert row["p95"] in values


def test_rates_are_rows_of_their_own_and_the_longest_comes_first() -> None:
    rows = figures.summary(recorded(timing("a", 1), timing("a", 9, rate=0.5), timing("b", 5)))["timers"]
    assert [(row["name"], row["rate"], row["sum"]) for row in rows] == [
        ("a", 0.5, 9),
        ("b", 1, 5),
        ("a", 1, 1),
    ]


def test_a_gauge_that_is_set_forgets_its_changes() -> None:
    kinds = [("g+", 5), ("g", 2), ("g+", -3)]
    stats = [Stat(0.0, kind, "g", (), 1.0, value) for kind, value in kinds]
    [row] = figures.summary(recorded(*stats))["gauges"]
    assert (row["value"], row["change"], row["calls"]) == (-1, False, 3)


def test_a_large_set_names_some_of_its_members() -> None:
    stats = [Stat(0.0, "s", "s", (), 1.0, f"m{number:03}") for number in range(70)]
    [row] = figures.summary(recorded(*stats))["sets"]
    assert row["distinct"] == 70
    assert len(row["members"]) == figures.MAX_MEMBERS


def test_everything_survives_json() -> None:
    recorder = recorded(
        timing("a", 0.1), Stat(1.0, "c", "c", ("k=v",), 0.1, 3), Refused(1.0, "c", "", "x", "name")
    )
    recorder.note('{"type": "counter", "payload": "2", "fields": {"name": "m", "rate": 1.0}}')
    found = figures.summary(recorder)
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{", "3", "null", '{"fields": 3}', '{"type": "counter"}', "[" * 5_000,
        '{"type": "counter", "payload": "x", "fields": {"name": "a"}}',
        '{"type": "timer", "payload": "nan", "fields": {"name": "a"}}',
        '{"type": "timer", "payload": "1", "fields": {"name": "a", "rate": "often"}}',
        '{"type": "timer", "payload": "1", "fields": {"name": "", "rate": NaN}}',
    ],
)  # fmt: skip
def test_odd_messages_do_no_harm(text: str) -> None:
    recorder = Recorder()
    recorder.messages.append(Message(0.0, text, True))
    assert figures.summary(recorder)["counters"] == []


# The page


def html(stats: dict[str, Any]) -> str:
    return render_to_string("django_metrics_statsd/panel.html", display.context_of(stats))


def shown(*stats: Stat | Refused) -> str:
    return html({"failed": False, **figures.summary(recorded(*stats)), "process": about_process()})


def test_a_bar_stands_where_its_time_was() -> None:
    stats = {
        "bars": [
            {"name": "b", "start": 50.0, "duration": 50.0},
            {"name": "db.x", "start": -5.0, "duration": 30.0},
        ]
    }
    table = display._bars(stats, pictures.Places())
    assert [row.bar for row in table.rows] == [
        {"x": "0.0", "width": "250.0", "group": "db"},
        {"x": "500.0", "width": "500.0", "group": "other"},
    ]


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e6)), max_size=10))
def test_every_bar_stands_inside(times: list[tuple[float, float]]) -> None:
    stats = {"bars": [{"name": "b", "start": at - took, "duration": took} for took, at in times]}
    for row in display._bars(stats, pictures.Places()).rows:
        assert row.bar is not None
        x, width = float(row.bar["x"]), float(row.bar["width"])
        assert 0 <= x <= display.WIDTH - display.NARROWEST
        assert display.NARROWEST <= width <= display.WIDTH - x + 0.1


def test_numbers_are_written_alike_in_every_language(settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    settings.USE_THOUSAND_SEPARATOR = True
    text = shown(timing("t", 12345.678, 20_000.5), Stat(0.0, "c", "c", (), 1.0, 1234567))
    assert "12345.678" in text
    assert 'data-sort="12345.678"' in text
    assert ">1234567<" in text
    assert "12345,678" not in text


def test_each_table_has_a_caption_and_headings() -> None:
    text = shown(timing("t", 1), Refused(0.0, "c", "n", "v", "value"))
    tables = text.split("<table")[1:]
    assert len(tables) >= 4
    for table in tables:
        assert "<caption>" in table
        assert 'scope="row"' in table
        assert 'scope="col"' in table or "statsd-facts" in table


def test_it_says_where_the_stats_go(settings: Any, server: Any) -> None:
    settings.STATSD_CLIENT = ["django_metrics_statsd.clients.buffered", "django_metrics_statsd.clients.null"]
    settings.STATSD_URL = server.url
    settings.STATSD_PREFIX = "shop"
    settings.STATSD_CONSTANT_TAGS = {"env": "test"}
    text = html({"heard": 1, "process": about_process()})
    statsd.close()
    for part in ("clients.buffered, django_metrics_statsd.clients.null", server.url, "shop", "env=test"):
        assert part in text


def test_drops_and_their_reasons_are_shown(wire: Any) -> None:
    statsd.incr("", 1)
    statsd.incr("a", float("nan"))
    statsd.flush(5)
    found = about_process()
    assert found["dropped"] == [["name", 1], ["value", 1]]
    text = html({"heard": 1, "process": found})
    assert "Dropped" in text
    assert "Of the whole process" in text


class Odd(BaseClient):
    """A client of the site's own, that is no better than it must be."""

    destination = property(lambda self: 1 / 0)  # type: ignore[assignment]

    def telemetry(self) -> dict[str, Any]:
        return {"sent": "many", "dropped": {3: None}}


def test_a_client_that_tells_nothing_is_passed_over(faults: dict[str, int]) -> None:
    before = statsd.replace(Odd())
    try:
        found = about_process()
    finally:
        statsd.replace(before)
    assert found["destination"] == ""
    assert found["dropped"] == [["3", 0]]
    assert found["clients"] == [f"{__name__}.Odd"]


# Pictures and links


def places(settings: Any, **setting: Any) -> pictures.Places:
    settings.TOOLBAR_STATSD = setting
    return pictures.Places()


def test_a_timer_has_two_pictures_for_each_root(settings: Any) -> None:
    found = places(
        settings,
        graphite="https://g.example/render/",
        roots={"timers": ["stats.timers.a", "stats.timers.b."]},
    ).pictures("timers", "view.GET")
    assert len(found) == 4
    assert found[0]["url"].startswith(
        "https://g.example/render/?target=stats.timers.a.view.GET.mean"
        "&target=stats.timers.a.view.GET.upper_90&target=stats.timers.a.view.GET.lower&"
    )
    assert "target=stats.timers.a.view.GET.count&" in found[1]["url"]
    assert "target=stats.timers.b.view.GET.count&" in found[3]["url"]
    assert found[0]["alt"] == "mean, upper_90, lower of stats.timers.a.view.GET, last 24 hours"


@pytest.mark.parametrize(
    ("root", "target"),
    [("stats", "stats.a.b"), ("stats.{key}.count", "stats.a.b.count"), ("", "a.b"), ("x.", "x.a.b")],
)
def test_a_counter_has_one_for_each_root(settings: Any, root: str, target: str) -> None:
    found = places(settings, graphite="http://g/render?format=png", roots={"counts": [root]})
    [picture] = found.pictures("counts", "a.b")
    assert picture["url"].startswith(f"http://g/render?format=png&target={target}&")
    assert found.pictures("gauges", "a.b") == []


def test_links_quote_the_key(settings: Any) -> None:
    found = places(settings, links={"Explore": "https://x/?q={key}&r={key}", "Plain": "https://x/"})
    assert found.links("a.b-c_d") == [
        {"label": "Explore", "url": "https://x/?q=a.b-c_d&r=a.b-c_d"},
        {"label": "Plain", "url": "https://x/"},
    ]
    assert found.links("a&b/c")[0]["url"] == "https://x/?q=a%26b%2Fc&r=a%26b%2Fc"


def test_without_the_setting_there_are_none(settings: Any) -> None:
    found = places(settings)
    assert found.pictures("timers", "a") == found.links("a") == []
    assert "<img" not in shown(timing("t", 1))


def test_pictures_stand_with_their_stat(settings: Any) -> None:
    places(
        settings,
        graphite="https://g.example/render/",
        roots={"timers": ["stats.timers"], "counts": ["stats"], "gauges": ["stats.gauges"]},
        links={"Explore": "https://x.example/?q={key}"},
    )
    text = shown(
        timing("t", 1),
        Stat(0.0, "c", "c", (), 1.0, 1),
        Stat(0.0, "g", "g", (), 1.0, 1),
        Stat(0.0, "s", "s", (), 1.0, "m"),
    )
    assert text.count("<img") == 4
    assert text.count('loading="lazy"') == 4
    assert text.count("alt=") == 4
    assert 'href="https://x.example/?q=s"' in text


# The store


def test_a_quiet_stores_work_is_muted() -> None:
    class Store:
        size = 3

        def muted(self, wanted: bool) -> bool:
            seen = current.get()
            return (seen is not None and seen.muted) is wanted

        def fail(self) -> None:
            raise RuntimeError

    store = QuietStore(Store())
    assert store.size == 3
    assert store.muted(True)
    assert current.get() is None
    with pytest.raises(RuntimeError):
        store.fail()
    assert current.get() is None
    with muted():
        assert store.muted(True)
        assert current.get() is not None
