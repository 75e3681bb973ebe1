"""Into a real Redis: in batches, bounded, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from django_metrics_statsd.hits.records import unpack
from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.transports.address import read
from django_metrics_statsd.hits.transports.streams import StreamsTransport
from django_metrics_statsd.safety import Telemetry
from tests.hits import samples
from tests.services.harness import free_port, wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service


@pytest.fixture
def client(redis_server: Redis) -> Iterator[Any]:
    found = redis.Redis(port=redis_server.port)
    found.flushall()
    yield found
    found.close()


@pytest.fixture
def streams(redis_server: Redis, client: Any, settings: Any) -> Iterator[StreamsTransport]:
    settings.SITE_SLUG = "shop"
    settings.WT_PARTITIONS = 2
    transport = StreamsTransport(read({"addr": f"127.0.0.1:{redis_server.port}"}))
    yield transport
    transport.close()


def test_records_arrive_whole_over_all_partitions(streams: StreamsTransport, client: Any) -> None:
    records = samples.mixed(40)
    for start in range(0, 40, 10):
        streams.send(records[start : start + 10])
    found = []
    for number in range(2):
        entries = client.xrange(f"metrics_hits:{{shop.{number}}}")
        assert len(entries) == 20
        found += [unpack(fields[b"r"]) for _, fields in entries]
    assert {record.id for record in found} == {record.id for record in records}


def test_a_stream_is_cut_at_about_its_length(redis_server: Redis, client: Any, settings: Any) -> None:
    settings.WT_STREAM_LENGTH = 1_000
    transport = StreamsTransport(read({"addr": f"127.0.0.1:{redis_server.port}"}))
    for _ in range(5):
        transport.send(samples.hits(1_000))
    transport.close()
    assert 1_000 <= client.xlen("metrics_hits:{default.0}") < 1_300


def test_nobody_listening_is_said_at_once_without_the_password() -> None:
    transport = StreamsTransport(read({"host": "127.0.0.1", "port": free_port(), "password": "secret"}))
    with pytest.raises(Unavailable, match="Redis at redis://127") as caught:
        transport.send(samples.hits(1))
    assert "secret" not in str(caught.value)
    transport.close()


def arrives(transport: StreamsTransport) -> bool:
    """Whether Redis takes a hit within the timeout."""
    try:
        transport.send(samples.hits(1))
    except Unavailable:
        return False
    return True


def test_a_server_that_hangs_costs_a_bounded_time(tmp_path: Path, settings: Any) -> None:
    settings.WT_TIMEOUT = 0.3
    with Redis(tmp_path / "redis") as server:
        transport = StreamsTransport(read({"addr": f"127.0.0.1:{server.port}"}))
        wait_until(lambda: arrives(transport), "a first hit to arrive", 20)
        process = server.running()
        process.send_signal(19)
        try:
            start = time.monotonic()
            with pytest.raises(Unavailable, match="imeout"):
                transport.send(samples.hits(1))
            assert time.monotonic() - start < 5
        finally:
            process.send_signal(18)
        wait_until(lambda: arrives(transport), "a hit to arrive again", 20)
        transport.close()


def test_a_server_that_came_back_is_found_again(tmp_path: Path) -> None:
    server = Redis(tmp_path / "redis")
    transport = StreamsTransport(read({"addr": f"127.0.0.1:{server.port}"}))
    with server:
        transport.send(samples.hits(1))
    with pytest.raises(Unavailable):
        transport.send(samples.hits(1))
    with server:
        transport.send(samples.hits(1))
    transport.close()


def test_a_server_that_refuses_says_why(redis_server: Redis, client: Any) -> None:
    transport = StreamsTransport(read({"addr": f"127.0.0.1:{redis_server.port}"}))
    client.set("metrics_hits:{default.0}", "not a stream")
    with pytest.raises(Unavailable, match="WRONGTYPE"):
        transport.send(samples.hits(2))
    transport.close()


def test_one_record_that_cannot_travel_does_not_keep_the_others(
    redis_server: Redis, client: Any, faults: dict[str, int]
) -> None:
    counts = Telemetry()
    transport = StreamsTransport(read({"addr": f"127.0.0.1:{redis_server.port}"}), counts)
    records = samples.hits(3)
    records[1].doc_size = 10**30
    transport.send(records)
    transport.close()
    assert client.xlen("metrics_hits:{default.0}") == 2
    assert counts.dropped == {"not_packed": 1}
    assert faults == {"hits.pack": 1}
