"""What every client promises, run on every client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.base import BaseClient, Record
from django_metrics_statsd.clients.loading import client_class
from django_metrics_statsd.metlog import MetlogClient
from django_metrics_statsd.metlog.senders import DebugCaptureSender
from tests.conftest import Wire
from tests.core import hostile
from tests.monitoring_store.stores import sqlite_settings, store

CLIENTS = ["buffered", "normal", "null", "log", "toolbar", "metlog", "datadog"]
PATHS: dict[str, Any] = {name: f"django_metrics_statsd.clients.{name}" for name in CLIENTS}
PATHS["store"] = "django_metrics_statsd.monitoring.client"
PATHS["fan"] = [PATHS["toolbar"], PATHS["buffered"]]
WIRED = ["buffered", "normal", "datadog", "fan"]
COUNTING = [name for name in PATHS if name != "null"]


@pytest.fixture(params=PATHS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stats_database(tmp_path: Path, settings: Any, django_db_blocker: Any) -> Iterator[None]:
    """Where the store's client writes."""
    settings.MONITORING_STATS_DATABASE = "stats"
    with django_db_blocker.unblock(), store(sqlite_settings(tmp_path)):
        yield


@pytest.fixture
def client(name: str, server: Wire, settings: Any, request: pytest.FixtureRequest) -> Iterator[BaseClient]:
    """The client behind the handle."""
    if name == "store":
        request.getfixturevalue("stats_database")
    settings.STATSD_URL = server.url
    settings.STATSD_FLUSH_INTERVAL = 60.0
    settings.METLOG = MetlogClient(DebugCaptureSender(), "tests")
    settings.STATSD_CLIENT = PATHS[name]
    logging.getLogger("django_metrics_statsd.stats").setLevel(logging.INFO)
    yield statsd.client
    statsd.close()
    logging.getLogger("django_metrics_statsd.stats").setLevel(logging.NOTSET)


def emitters(api: Any) -> list[Callable[..., Any]]:
    """Every way to emit one stat with a name, a value, a rate and tags."""

    def step(stat: Any, value: Any, rate: Any, tags: Any) -> None:
        api.gauge(stat, value, rate, True, tags)

    def gauge(stat: Any, value: Any, rate: Any, tags: Any) -> None:
        api.gauge(stat, value, rate=rate, tags=tags)

    def timer(stat: Any, value: Any, rate: Any, tags: Any) -> None:
        with api.timer(stat, rate, tags):
            pass

    def pipeline(stat: Any, value: Any, rate: Any, tags: Any) -> None:
        with api.pipeline() as inner:
            inner.incr(stat, value, rate, tags)

    return [api.incr, api.decr, api.timing, gauge, step, api.set, timer, pipeline]


@pytest.mark.parametrize("stat", hostile.NAMES.values(), ids=hostile.NAMES)
def test_no_name_raises(client: BaseClient, stat: Any, faults: dict[str, int]) -> None:
    for emit in emitters(statsd) + emitters(client):
        assert emit(stat, 1, 1, None) is None
    assert statsd.flush(5)


@pytest.mark.parametrize("value", hostile.VALUES.values(), ids=hostile.VALUES)
def test_no_value_raises(client: BaseClient, value: Any, faults: dict[str, int]) -> None:
    for emit in emitters(statsd) + emitters(client):
        assert emit("stat", value, 1, None) is None
    assert statsd.flush(5)


@pytest.mark.parametrize("tags", hostile.TAGS.values(), ids=hostile.TAGS)
def test_no_tags_raise(client: BaseClient, tags: Any, faults: dict[str, int]) -> None:
    for emit in emitters(statsd) + emitters(client):
        assert emit("stat", 1, 1, tags) is None
    assert statsd.flush(5)


@pytest.mark.parametrize("rate", hostile.RATES.values(), ids=hostile.RATES)
def test_no_rate_raises(client: BaseClient, rate: Any, faults: dict[str, int]) -> None:
    for emit in emitters(statsd) + emitters(client):
        assert emit("stat", 1, rate, None) is None
    assert statsd.flush(5)


@pytest.mark.parametrize("name", WIRED, indirect=True)
def test_hostile_stats_do_not_write_lines_of_their_own(
    client: BaseClient, server: Wire, faults: dict[str, int]
) -> None:
    for stat in hostile.NAMES.values():
        statsd.incr(stat)
    for value in hostile.VALUES.values():
        statsd.incr("fine", value)
        statsd.set("fine_set", value)
    for tags in hostile.TAGS.values():
        statsd.incr("fine", 1, 1, tags)
    statsd.incr("last")
    assert statsd.flush(5)
    lines = [line for packet in server.packets() for line in packet.decode("ascii").strip("\n").split("\n")]
    assert any(line.startswith("last:1|c") for line in lines)
    for line in lines:
        assert "\0" not in line
        assert line.partition("|")[2].partition("|")[0] in {"c", "s"}
        assert not line.startswith("x:")


@pytest.mark.parametrize("name", COUNTING, indirect=True)
def test_telemetry_adds_up(client: BaseClient, faults: dict[str, int]) -> None:
    """Each stat that was emitted is either sent or dropped, once."""
    for stat in ("a", "b", "...", "", "a b"):
        statsd.incr(stat)
    for value in (1, -2.5, None, float("nan"), timedelta(seconds=1)):
        statsd.timing("took", value)
        statsd.gauge("level", value)
    with statsd.pipeline() as pipeline:
        pipeline.incr("a")
        pipeline.set("users", "ann")
        pipeline.set("users", None)
    assert statsd.flush(5)
    counts = statsd.telemetry()
    theirs = {
        reason: count for reason, count in counts["dropped"].items() if not reason.startswith("metlog_")
    }
    emitted = 18 * (len(client.clients) if hasattr(client, "clients") else 1)
    assert counts["sent"] + sum(theirs.values()) == emitted
    assert counts["sent"] > 0


def test_telemetry_has_its_four_parts_and_is_a_copy(client: BaseClient) -> None:
    counts = client.telemetry()
    assert {"sent", "packets", "bytes", "dropped"} <= counts.keys()
    counts["dropped"]["mine"] = 1
    assert "mine" not in client.telemetry()["dropped"]


def test_a_client_says_where_stats_go(client: BaseClient) -> None:
    assert isinstance(client.destination, str)
    assert client.destination == statsd.destination != ""


def test_flush_and_close_may_be_called_at_any_time(client: BaseClient) -> None:
    for _ in range(2):
        assert client.flush() is True
        assert client.flush(1) is True
        client.close()
        client.tick()
    assert statsd.flush() is True


def test_a_closed_client_can_be_used_again(client: BaseClient, name: str, server: Wire) -> None:
    client.incr("before")
    client.close()
    client.incr("after")
    assert client.flush(5)
    arrived = b"\n".join(server.packets())
    assert (b"before:1|c" in arrived, b"after:1|c" in arrived) == (name in WIRED, name in WIRED)


def test_a_closed_handle_can_be_used_again(client: BaseClient, name: str, server: Wire) -> None:
    statsd.incr("before")
    statsd.close()
    assert not statsd.made
    statsd.incr("after")
    assert statsd.client is not client
    assert statsd.flush(5)
    arrived = b"\n".join(server.packets())
    assert (b"before:1|c" in arrived, b"after:1|c" in arrived) == (name in WIRED, name in WIRED)


@pytest.mark.parametrize("name", WIRED, indirect=True)
def test_every_kind_arrives(client: BaseClient, server: Wire, settings: Any) -> None:
    statsd.incr("hits")
    statsd.incr("hits", 2)
    statsd.decr("hits")
    statsd.timing("took", timedelta(seconds=2))
    statsd.gauge("level", 5)
    statsd.set("users", "ann b")
    assert statsd.flush(5)
    lines = [line for packet in server.packets() for line in packet.decode("ascii").strip("\n").split("\n")]
    assert sum(float(line[5:-2]) for line in lines if line.startswith("hits:")) == 2
    others = sorted(line.replace("2000.0", "2000") for line in lines if not line.startswith("hits:"))
    assert others == ["level:5|g", "took:2000|ms", "users:ann_b|s"]


@pytest.mark.parametrize("name", WIRED, indirect=True)
def test_the_prefix_and_tags_arrive(client: BaseClient, name: str, server: Wire, settings: Any) -> None:
    settings.STATSD_PREFIX = "site"
    settings.STATSD_TAGS = "datadog"
    settings.STATSD_CONSTANT_TAGS = {"env": "test"}
    statsd.incr("hits", tags={"view": "a:b"})
    assert statsd.flush(5)
    (line,) = [line for packet in server.packets() for line in packet.decode("ascii").strip("\n").split("\n")]
    head, _, tags = line.partition("|#")
    assert head == "site.hits:1|c"
    assert sorted(tags.split(",")) == ["env:test", "view:a_b"]


def test_a_rate_of_0_sends_nothing(client: BaseClient, server: Wire) -> None:
    for emit in emitters(statsd):
        emit("stat", 1, 0, None)
    assert statsd.flush(5)
    assert server.packets() == []


def test_pipelines_nest_and_send_on_exit_whatever_is_raised(client: BaseClient) -> None:
    heard: list[Record] = []
    statsd.listen(heard.append)
    with pytest.raises(ValueError), statsd.pipeline() as outer:  # noqa: PT012 - what a block's end does
        outer.incr("a")
        with outer.pipeline() as inner:
            inner.timing("b", 2)
            assert heard == []
        assert heard == []
        raise ValueError("no")
    outer.send()
    statsd.unlisten(heard.append)
    assert [record.stat for record in heard] == ["a", "b"]


def test_timers_of_a_client_and_a_pipeline(client: BaseClient) -> None:
    @client.timer("took")
    async def main() -> int:
        async with client.timer("inner"):
            return 3

    assert asyncio.run(main()) == 3
    with client.pipeline() as pipeline, pipeline.timer("took") as timer:
        pass
    assert timer.ms is not None


def test_every_client_is_found_by_its_module(name: str) -> None:
    if name != "fan":
        assert issubclass(client_class(PATHS[name]), BaseClient)
