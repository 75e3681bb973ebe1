"""The same road over a real Redis Cluster of three nodes, whose slots the partitions share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import RedisClusterException, RedisError

from django_metrics_statsd.hits.collector.run import Collector
from django_metrics_statsd.hits.collector.status import read_status
from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.storages.loading import make_storages
from django_metrics_statsd.hits.transports.address import RedisAddress, read
from django_metrics_statsd.hits.transports.redis import FAILURES
from django_metrics_statsd.hits.transports.streams import StreamsTransport
from tests.hits import samples
from tests.hits.kept import databases, shelf
from tests.services.harness import free_port, wait_until
from tests.services.stores import Redis

pytestmark = pytest.mark.service
NODES = 3


class Node(Redis):
    """A Redis server in cluster mode; its bus has a port of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bus = free_port()
        self.command += ["--cluster-enabled", "yes", "--cluster-port", str(self.bus)]

    def tell(self, *command: str | int) -> Any:
        with redis.Redis(port=self.port, decode_responses=True, protocol=2) as client:
            return client.execute_command(*command)


def join(nodes: list[Node]) -> None:
    """Share the 16,384 slots among the nodes and have them meet."""
    share = 16_384 // len(nodes) + 1
    for number, node in enumerate(nodes):
        last = min(16_383, (number + 1) * share - 1)
        node.tell("CLUSTER", "ADDSLOTSRANGE", number * share, last)
        nodes[0].tell("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)
    for node in nodes:
        wait_until(lambda node=node: settled(node), "the cluster", 20)


def settled(node: Node) -> bool:
    info = node.tell("CLUSTER INFO")
    text = info if isinstance(info, dict) else dict(line.split(":") for line in info.split())
    return text["cluster_state"] == "ok" and text["cluster_known_nodes"] == str(NODES)


@pytest.fixture
def address(tmp_path: Path, settings: Any) -> Iterator[RedisAddress]:
    nodes = [Node(tmp_path / f"node{number}") for number in range(NODES)]
    for node in nodes:
        node.start()
    try:
        join(nodes)
        settings.WT_REDIS = {"addr": f"127.0.0.1:{nodes[0].port}", "cluster": True}
        settings.WT_PARTITIONS = 6
        settings.WT_DATABASES = databases("one", "two")
        yield read(settings.WT_REDIS)
    finally:
        for node in nodes:
            node.stop()


def test_partitions_spread_over_the_nodes_and_every_record_arrives(address: RedisAddress) -> None:
    records = samples.mixed(120)
    transport = StreamsTransport(address)
    for start in range(0, 120, 10):
        transport.send(records[start : start + 10])
    transport.close()
    collector = Collector(address, make_storages(), once=True)
    nodes = {collector._client.get_node_from_key(stream).name for stream in collector.streams}
    assert len(nodes) > 1
    assert collector.run(lambda *_: None, every=0.05)
    for alias in ("one", "two"):
        assert set(shelf(alias).records) == {record.id for record in records}
    assert read_status()["length"] == 0


def test_a_cluster_that_is_away_has_records_wait(settings: Any) -> None:
    settings.WT_REDIS = {"addr": f"127.0.0.1:{free_port()}", "cluster": True}
    with pytest.raises(Unavailable):
        StreamsTransport(read(settings.WT_REDIS)).send([samples.hit()])
    assert not isinstance(RedisClusterException(), RedisError)
    assert issubclass(RedisClusterException, FAILURES)
