"""The recorder: bounded, one for each request, found from wherever the request's code runs."""

from __future__ import annotations

import asyncio
import contextvars
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd import observation, recording
from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.dialects import Dialect
from django_metrics_statsd.clients.packets import lines_of
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.metlog import client_from_dict_config
from django_metrics_statsd.observation import Observation
from django_metrics_statsd.panel import hearing
from django_metrics_statsd.recording import Recorder, Refused, Stat
from tests.core import hostile


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A recorder that hears what this test emits."""
    made = Recorder()
    hearing.install()
    token = recording.outside.set(made)
    yield made
    recording.outside.reset(token)
    hearing.uninstall()


def test_each_kind_is_kept_in_plain_values(recorder: Recorder) -> None:
    statsd.incr("a b/c", 2)
    statsd.timing("t", timedelta(seconds=1.5))
    statsd.gauge("g", True)
    statsd.gauge("g", -2, delta=True)
    statsd.set("s", "x:y")
    kept = [(stat.kind, stat.name, stat.value) for stat in recorder.stats]
    assert kept == [("c", "a_b-c", 2), ("ms", "t", 1500.0), ("g", "g", 1), ("g+", "g", -2), ("s", "s", "x_y")]
    assert [stat.at for stat in recorder.stats] == sorted(stat.at for stat in recorder.stats)
    assert recorder.heard == 5
    assert recorder.lost == 0


@pytest.mark.parametrize("style", [None, "datadog", "influxdb", "graphite"])
def test_names_and_tags_are_those_of_the_wire(
    recorder: Recorder, wire: Any, settings: Any, style: str | None
) -> None:
    settings.STATSD_TAGS = style
    settings.STATSD_CONSTANT_TAGS = {"env": "test"}
    statsd.incr("a b", tags={"k": "v.w"})
    [line] = wire.lines()
    stat = recorder.stats[0]
    if style is None:
        assert line == f"{stat.name}:1|c"
        assert stat.tags == ()
    else:
        assert (stat.name, stat.tags) == ("a_b", ("k=v.w",))
        assert line.startswith("a_b")
        assert stat.tags[0].replace("=", ":" if style == "datadog" else "=") in line


def test_the_prefix_is_not_shown(recorder: Recorder, wire: Any, settings: Any) -> None:
    settings.STATSD_PREFIX = "site"
    statsd.incr("a")
    assert wire.lines() == ["site.a:1|c"]
    assert recorder.stats[0].name == "a"


def test_too_many_are_counted_only(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MAX_STATS", 3)
    for _ in range(5):
        statsd.incr("a")
    assert (len(recorder.stats), recorder.heard, recorder.lost) == (3, 5, 2)


def test_nothing_is_taken_when_it_is_over(recorder: Recorder) -> None:
    recorder.over = True
    statsd.incr("a")
    recorder.note("{}")
    assert (recorder.stats, recorder.messages, recorder.heard) == ([], [], 0)


# Who hears what


def test_the_observations_recorder_goes_first(recorder: Recorder) -> None:
    seen = Observation()
    seen.stats = Recorder()
    token = observation.current.set(seen)
    statsd.incr("inner")
    seen.stats, inner = None, seen.stats
    statsd.incr("outer")
    observation.current.reset(token)
    assert [stat.name for stat in inner.stats] == ["inner"]
    assert [stat.name for stat in recorder.stats] == ["outer"]


def test_threads_belong_to_the_request_whose_context_they_have(recorder: Recorder) -> None:
    context = contextvars.copy_context()
    for target in (lambda: statsd.incr("stranger"), lambda: context.run(statsd.incr, "child")):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert [stat.name for stat in recorder.stats] == ["child"]


def test_tasks_belong_to_their_request() -> None:
    async def request(number: int) -> list[str]:
        made = Recorder()
        recording.outside.set(made)

        async def child() -> None:
            for _ in range(number):
                statsd.incr(f"n{number}")
                await asyncio.sleep(0)

        await asyncio.gather(child(), child())
        return [stat.name for stat in made.stats]

    async def main() -> list[list[str]]:
        return await asyncio.gather(*(request(number) for number in range(1, 20)))

    hearing.install()
    try:
        for number, names in enumerate(asyncio.run(main()), 1):
            assert names == [f"n{number}"] * (2 * number)
    finally:
        hearing.uninstall()


def test_listening_begins_once() -> None:
    for _ in range(3):
        hearing.install()
    assert statsd._listeners.count(hearing.hear) == 1
    hearing.uninstall()
    assert hearing.hear not in statsd._listeners


# What cannot be sent

ODD = [("c", name, 1, 1, None) for name in hostile.NAMES.values()]
ODD += [
    (kind, "a", value, 1, None) for value in hostile.VALUES.values() for kind in ("c", "ms", "g", "g+", "s")
]
ODD += [("c", "a", 1, rate, None) for rate in hostile.RATES.values()]
ODD += [("c", "a", 1, 1, tags) for tags in hostile.TAGS.values()]
ODD += [("ms", "a", value, 1, None) for value in (-1, 1e9, timedelta(days=-1))]


@pytest.mark.parametrize("entry", ODD)
def test_what_is_refused_is_what_the_client_drops(entry: Any, faults: dict[str, int]) -> None:
    hearing._names.reset()  # no tag has had a value yet
    found = hearing.plain(0.0, *entry)
    dropped: list[str] = []
    window = Window(10, lambda reason, count=1: dropped.append(reason))
    window.fold_one(entry)
    lines = list(lines_of(window, Dialect(), 100_000, lambda reason, count=1: dropped.append(reason)))
    if isinstance(found, Stat):
        assert not dropped
        assert len(lines) == 1 or found.rate < 1
        assert all(line.startswith(found.name + ":") for line in lines)
        json.dumps(found)
    else:
        assert not lines
        if {type(part) for part in entry} & {hostile.UnwillingName, hostile.Unwilling}:
            assert len(dropped) == 1  # it raises when it is looked at, whatever for
        elif found.value == "0":  # a rate of 0 is a wish, not a loss
            assert (found.reason, dropped) == ("rate", [])
        else:
            assert dropped == [found.reason]
        assert all(isinstance(part, str) and len(part) <= 200 for part in found[1:])
        json.dumps(found).encode()


@given(
    st.sampled_from(["c", "ms", "g", "g+", "s"]),
    st.text(),
    st.one_of(st.integers(), st.floats(), st.text(), st.none(), st.booleans()),
    st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_whatever_comes_is_told_as_the_client_tells_it(kind: str, name: str, value: Any, tags: Any) -> None:
    found = hearing.plain(0.0, kind, name, value, 1, tags)
    dropped: list[str] = []
    window = Window(10, lambda reason, count=1: dropped.append(reason))
    window.fold_one((kind, name, value, 1, tags))
    lines = list(lines_of(window, Dialect(), 100_000, lambda reason, count=1: dropped.append(reason)))
    assert isinstance(found, Refused) == bool(dropped)
    if isinstance(found, Stat):
        assert {line.partition(":")[0] for line in lines} == {found.name}


# Metlog


def metlog() -> Any:
    sender = {"class": "metlog.senders.DebugCaptureSender"}
    return client_from_dict_config({"logger": "shop", "sender": sender})


def test_a_capturing_senders_messages_are_kept(recorder: Recorder) -> None:
    metlog().incr("a", 2)
    [message] = recorder.messages
    assert message.own
    assert json.loads(message.text)["fields"]["name"] == "a"


def test_messages_that_only_carry_a_stat_are_marked(recorder: Recorder, settings: Any) -> None:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.metlog"
    settings.METLOG = metlog()
    statsd.incr("by.handle")
    settings.METLOG.incr("by.metlog")
    assert [message.own for message in recorder.messages] == [False, True]
    assert [stat.name for stat in recorder.stats] == ["by.handle"]
    assert not recording.passing_on.get()


def test_endless_messages_are_counted_only(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    metlog().metlog("x", payload="y" * recording.MAX_MESSAGE)
    assert (recorder.messages, recorder.lost) == ([], 1)
    monkeypatch.setattr(recording, "MAX_MESSAGES", 2)
    for _ in range(3):
        metlog().info("a")
    assert (len(recorder.messages), recorder.lost) == (2, 2)
