from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from django_metrics_statsd.clients import get_client, statsd
from django_metrics_statsd.clients.buffered import StatsClient
from django_metrics_statsd.clients.window import MAX_SERIES, Window
from tests.conftest import Wire


def sums(lines: list[str]) -> dict[str, float]:
    """Return the sum of each counter's values."""
    found: dict[str, float] = {}
    for line in lines:
        name, _, rest = line.partition(":")
        if rest.endswith("|c"):
            found[name] = found.get(name, 0) + float(rest[:-2])
    return found


def test_stats_of_an_interval_go_in_one_packet(wire: Wire) -> None:
    for _ in range(1_000):
        statsd.incr("hits")
    statsd.incr("hits", 5)
    statsd.timing("took", 1.5)
    statsd.gauge("level", 3)
    statsd.gauge("level", 4)
    statsd.set("users", "ann")
    statsd.flush()
    assert wire.packets() == [b"hits:1005|c\nlevel:4|g\nusers:ann|s\ntook:1.5|ms"]
    counts = statsd.telemetry()
    assert (counts["sent"], counts["packets"], counts["dropped"]) == (1_005, 1, {})


def test_an_empty_interval_sends_nothing(wire: Wire) -> None:
    statsd.incr("hits")
    assert wire.lines() == ["hits:1|c"]
    assert wire.lines() == []


def test_the_thread_sends_after_the_interval(wire: Wire, settings: Any) -> None:
    settings.STATSD_FLUSH_INTERVAL = 0.05
    statsd.incr("hits")
    assert wire.await_lines() == ["hits:1|c"]


def test_nobody_waits_for_the_network_at_the_caller(wire: Wire) -> None:
    statsd.incr("hits")
    assert wire.packets() == []


@pytest.mark.parametrize("size", [512, 1432, 8192])
def test_packets_have_the_size_that_is_set(size: int, wire: Wire, settings: Any) -> None:
    settings.STATSD_MAXUDPSIZE = size
    for number in range(1_000):
        statsd.incr(f"some.name.{number}")
    statsd.flush()
    packets = wire.packets()
    assert all(len(packet) <= size for packet in packets)
    assert sum(packet.count(b"\n") + 1 for packet in packets) == 1_000
    assert len(packets) < 1_000 * 23 / size + 2


def test_several_values_in_a_line_where_the_server_takes_them(wire: Wire, settings: Any) -> None:
    settings.STATSD_MULTI_VALUE = True
    for value in (1.0, 2.0, 3.0):
        statsd.timing("took", value)
    assert wire.lines() == ["took:1|ms:2|ms:3|ms"]
    settings.STATSD_TAGS = "datadog"
    for value in (1.0, 2.0, 3.0):
        statsd.timing("took", value, tags={"a": "b"})
    assert wire.lines() == ["took:1:2:3|ms|#a:b"]


def test_a_timer_is_sampled_past_its_reservoir_with_its_rate(wire: Wire, settings: Any) -> None:
    settings.STATSD_TIMER_VALUES = 10
    for _ in range(1_000):
        statsd.timing("took", 2.0)
    assert wire.lines() == ["took:2|ms|@0.01"] * 10
    assert statsd.telemetry()["sent"] == 1_000


def test_the_prefix(wire: Wire, settings: Any) -> None:
    settings.STATSD_PREFIX = "my site"
    statsd.incr("hits")
    assert wire.lines() == ["my_site.hits:1|c"]


@pytest.mark.parametrize("drops", [1, 3])
def test_drops_are_reported_to_the_server_with_the_next_packet(drops: int, wire: Wire) -> None:
    for _ in range(drops):
        statsd.timing("took", -1)
    statsd.flush()
    statsd.incr("fine")
    lines = wire.lines()
    assert "fine:1|c" in lines
    assert sums(lines)["django_metrics_statsd.dropped.value"] == drops
    statsd.incr("fine")
    assert wire.lines() == ["fine:1|c"]


def test_telemetry_goes_to_the_server_on_request(wire: Wire, settings: Any) -> None:
    settings.STATSD_TELEMETRY = True
    statsd.incr("a", 3)
    statsd.incr("b")
    statsd.flush()
    statsd.incr("c")
    statsd.flush()
    found = sums(wire.lines())
    assert found["django_metrics_statsd.sent"] == 2
    assert found["django_metrics_statsd.packets"] == 1


def test_nothing_is_lost_between_many_threads_and_flushes(wire: Wire) -> None:
    barrier = threading.Barrier(5)

    def emit() -> None:
        barrier.wait(5)
        for _ in range(5_000):
            statsd.incr("hits")
            statsd.incr("more", 2)

    threads = [threading.Thread(target=emit) for _ in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait(5)
    lines: list[str] = []
    while any(thread.is_alive() for thread in threads):
        lines += wire.lines()
    lines += wire.lines()
    assert sums(lines) == {"hits": 20_000, "more": 40_000}
    assert statsd.telemetry()["dropped"] == {}


@pytest.mark.parametrize(
    "emit", [statsd.incr, lambda stat: statsd.timing(stat, 1.0), lambda stat: statsd.gauge(stat, 1)]
)
def test_a_flood_is_folded_by_the_callers(emit: Callable[[str], None], wire: Wire) -> None:
    for _ in range(40_000):
        emit("flood")
    client = get_client()
    assert isinstance(client, StatsClient)
    wire.lines()
    counts = client.telemetry()
    assert counts["sent"] == 40_000
    assert counts["dropped"] == {}


@pytest.mark.parametrize(
    "emit", [statsd.incr, lambda stat: statsd.timing(stat, 1.0), lambda stat: statsd.gauge(stat, 1)]
)
def test_a_flood_of_names_is_sent_early_and_accounted_for(emit: Callable[[str], None], wire: Wire) -> None:
    for number in range(4 * MAX_SERIES):
        emit(f"name.{number}")
    early = len(wire.packets())
    assert early > 0
    wire.lines()
    counts = statsd.telemetry()
    assert counts["sent"] >= 2 * MAX_SERIES
    assert counts["sent"] + counts["dropped"].get("series", 0) == 4 * MAX_SERIES


def test_while_somebody_else_folds_the_buffer_is_bounded_and_drops_are_counted(wire: Wire) -> None:
    statsd.incr("first")
    client = get_client()
    assert isinstance(client, StatsClient)
    with client._folding:  # as the thread holds it, were it to hang there
        for _ in range(300_000):
            statsd.incr("flood")
    assert client.flush(timeout=5)
    counts = client.telemetry()
    assert counts["dropped"]["buffer_full"] > 0
    assert counts["sent"] + counts["dropped"]["buffer_full"] == 300_001


def test_a_flush_waits_no_longer_than_it_may(wire: Wire) -> None:
    statsd.incr("hits")
    client = get_client()
    assert isinstance(client, StatsClient)
    for lock in (client._sending, client._folding):
        with lock:
            assert client.flush(timeout=0) is False
    assert wire.lines() == ["hits:1|c"]


def test_requests_send_where_the_thread_does_not_run(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    statsd.incr("hits")
    statsd.tick()
    assert wire.packets() == []
    monkeypatch.setattr("django_metrics_statsd.clients.buffered.monotonic", lambda: time.monotonic() + 1_000)
    statsd.tick()
    assert wire.packets() == [b"hits:1|c"]


def test_a_stream_that_is_full_is_left_to_the_thread(settings: Any, wire: Wire) -> None:
    """Over TCP a caller must not send: it might have to wait."""
    settings.STATSD_URL = "tcp://127.0.0.1:1"
    for number in range(3 * MAX_SERIES):
        statsd.set("names", number)
        statsd.gauge(f"name.{number}", 1)
    statsd.flush(5)
    dropped = statsd.telemetry()["dropped"]
    assert set(dropped) <= {"unreachable", "backing_off", "series"}
    assert sum(dropped.values()) >= 2 * MAX_SERIES


@pytest.mark.parametrize(
    ("url", "reason"), [("udp://no-such-host.invalid", "unknown_host"), ("unix:///no/such", "unreachable")]
)
def test_what_cannot_be_delivered_is_counted(url: str, reason: str, settings: Any, wire: Wire) -> None:
    settings.STATSD_URL = url
    for _ in range(10):
        statsd.incr("a")
        statsd.timing("b", 1.0)
    assert statsd.flush(30)
    counts = statsd.telemetry()
    assert (counts["sent"], counts["dropped"]) == (0, {reason: 20})


def test_a_refused_packet_does_not_count_as_sent_twice(settings: Any, wire: Wire) -> None:
    wire.socket.close()
    for _ in range(3):
        statsd.incr("a")
        statsd.flush(5)
    counts = statsd.telemetry()
    assert counts["sent"] + sum(counts["dropped"].values()) == 3
    assert counts["dropped"]["refused"] >= 1


def test_a_line_that_is_too_long_is_dropped_and_not_sent(wire: Wire, settings: Any) -> None:
    settings.STATSD_MAXUDPSIZE = 128
    statsd.incr("x" * 200)
    statsd.incr("fine")
    lines = wire.lines()
    counts = statsd.telemetry()
    assert "fine:1|c" in lines
    assert (counts["sent"], counts["dropped"]) == (1, {"too_long": 1})


def test_the_destination_is_for_people(wire: Wire) -> None:
    assert statsd.destination == wire.url


def test_a_fault_while_sending_stays_inside(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    client = get_client()
    statsd.incr("hits")

    def fail(*args: Any) -> str:
        raise RuntimeError("no")

    monkeypatch.setattr(client._transport, "send", fail)  # type: ignore[attr-defined]
    monkeypatch.setattr("django_metrics_statsd.clients.buffered.monotonic", lambda: time.monotonic() + 1_000)
    statsd.tick()
    assert faults == {"clients.buffered.tick": 1}


def test_a_fault_while_folding_is_not_the_callers(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    statsd.incr("hits")

    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    with monkeypatch.context() as broken:
        broken.setattr(Window, "fold_counts", fail)
        for _ in range(20_000):
            statsd.incr("hits")
    assert faults.keys() == {"clients.buffered.relieve"}
    statsd.incr("later")
    assert "later:1|c" in wire.lines()
