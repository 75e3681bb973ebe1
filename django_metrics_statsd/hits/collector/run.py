"""The collector: a lane per storage, and a main thread that trims, reports and waits for the end."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.hits.collector.dead import UNREADABLE, DeadLetters
from django_metrics_statsd.hits.collector.lane import Lane, Progress
from django_metrics_statsd.hits.collector.source import Source, groups_of
from django_metrics_statsd.hits.collector.status import find_streams, status_of
from django_metrics_statsd.hits.collector.trimming import forget_gone, trim
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.delivering import deliver
from django_metrics_statsd.hits.enrichment.enrich import enrich
from django_metrics_statsd.hits.records import Record, Unreadable, unpack
from django_metrics_statsd.hits.storages.base import Storage
from django_metrics_statsd.hits.transports.address import RedisAddress
from django_metrics_statsd.hits.transports.redis import FAILURES, FIELD, Keys, connect, disconnect
from django_metrics_statsd.safety import failed

#: Seconds that a question to Redis may take; longer than a lane waits for new entries.
TIMEOUT = 10.0
_GONE_EVERY = 600.0
_STREAMS_EVERY = 10.0

Report = Callable[["Collector", dict[str, Any] | None], None]


def consumer_name() -> str:
    """Return a name for this process that no other has had."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


class Collector:
    """Moves records from Redis into storages.

    Args:
        address: the Redis server.
        storages: where records go; each in a thread of its own.
        consumer: this collector's name; None makes one. A collector that comes back under its old name
            goes on with what it had at once, others wait ``WT_CLAIM_SECONDS`` before they take it over.
        batch: how many records are written at once.
        once: end when there is nothing left to do.
    """

    def __init__(
        self,
        address: RedisAddress,
        storages: Iterable[Storage],
        *,
        consumer: str | None = None,
        batch: int | None = None,
        once: bool = False,
    ) -> None:
        self.stop = threading.Event()
        self.consumer = consumer or consumer_name()
        self.address = address
        self._keys = Keys(conf.SITE_SLUG)
        self._client = connect(address, TIMEOUT)
        self.streams = self._keys.streams(conf.WT_PARTITIONS)
        self.dead = DeadLetters(self._client, self._keys.dead, conf.WT_DEAD_LETTERS)
        self._once, self._batch = once, batch or conf.WT_BATCH
        self.lanes = [self._make_lane(storage) for storage in storages]
        self._written: dict[str, int] = {}
        self._next_look_for_gone = time.monotonic() + _GONE_EVERY
        self._next_look_for_streams = 0.0

    def _make_lane(self, storage: Storage) -> Lane:
        client = connect(self.address, TIMEOUT)
        source = Source(
            client,
            self.streams,
            storage.alias,
            self.consumer,
            conf.WT_CLAIM_SECONDS,
            groups=conf.WT_DATABASES,
        )
        dead = DeadLetters(client, self._keys.dead, conf.WT_DEAD_LETTERS)
        wait = min(conf.WT_FREQUENCY, TIMEOUT / 2)
        return Lane(storage, source, dead, self.stop, batch=self._batch, wait=wait, once=self._once)

    @property
    def progress(self) -> dict[str, Progress]:
        """What each storage's lane has done."""
        return {lane.storage.alias: lane.progress for lane in self.lanes}

    def run(self, report: Report, every: float = 1.0) -> bool:
        """Work until `stop` is set, or with ``once`` until all is done; say whether nothing went wrong.

        Calls ``report(collector, status)`` about every `every` seconds; `status` is None without Redis.
        """
        threads = [threading.Thread(target=lane.run, name=lane.name, daemon=True) for lane in self.lanes]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(every / len(threads))
            report(self, self._look())
        report(self, self._look())
        self.close()
        return not any(progress.error for progress in self.progress.values())

    def discard(self) -> int:
        """Throw away what was set aside; return how much that was."""
        return self.dead.clear()

    def close(self) -> None:
        """Let go of the connection that is not a lane's."""
        disconnect(self._client)

    def _look(self) -> dict[str, Any] | None:
        """Trim the streams, note the time of batches, tell StatsD of the lag; return the status."""
        try:
            self._find_streams()
            for stream in self.streams:
                trim(self._client, stream)
            self._forget_gone()
            self._note_batches()
            status = status_of(self._client, self._keys, self.streams, list(self.progress))
        except FAILURES:
            return None
        except Exception:
            failed("hits.collector")
            return None
        for alias, storage in status["storages"].items():
            statsd.gauge(f"django_metrics_statsd.collector.{alias}.cut", storage["cut"])
            if storage["lag"] is not None:
                statsd.gauge(f"django_metrics_statsd.collector.{alias}.lag", storage["lag"])
        return status

    def _note_batches(self) -> None:
        now = {alias: progress.written for alias, progress in self.progress.items()}
        moved = [alias for alias, written in now.items() if written != self._written.get(alias, 0)]
        if moved:
            self._client.hset(self._keys.seen, mapping=dict.fromkeys(moved, repr(time.time())))
        self._written = now

    def _find_streams(self) -> None:
        """Have streams read that are there although ``WT_PARTITIONS`` is smaller."""
        if time.monotonic() > self._next_look_for_streams:
            self._next_look_for_streams = time.monotonic() + _STREAMS_EVERY
            self.streams = find_streams(self._client, self._keys)
            for lane, stream in product(self.lanes, self.streams):
                lane.watch(stream)

    def _forget_gone(self) -> None:
        if time.monotonic() > self._next_look_for_gone:
            self._next_look_for_gone = time.monotonic() + _GONE_EVERY
            for stream in self.streams:
                forget_gone(self._client, stream)

    def forget(self, alias: str) -> None:
        """Let a storage's groups go, which keep the streams for it.

        Raises:
            ValueError: the settings still have the storage.
        """
        if alias in conf.WT_DATABASES:
            raise ValueError(f"WT_DATABASES still has {alias!r}")
        for stream in find_streams(self._client, self._keys):
            if alias.encode() in {group["name"] for group in groups_of(self._client, stream)}:
                self._client.xgroup_destroy(stream, alias)

    def replay(self) -> tuple[int, int]:
        """Try again with what was set aside; return how many found their place and how many did not."""
        storages = {lane.storage.alias: lane.storage for lane in self.lanes}
        done = left = 0
        for letter in self.dead:
            if self._replay(letter.storage, letter.packed, storages):
                self.dead.forget(letter)
                done += 1
            else:
                left += 1
        return done, left

    def _replay(self, alias: str, packed: bytes, storages: dict[str, Storage]) -> bool:
        try:
            record = unpack(packed)
        except Unreadable:
            return False
        if alias == UNREADABLE:
            self._client.xadd(self.streams[0], {FIELD: packed})
            return True
        if alias not in storages:
            return False
        refused: list[tuple[Record, str]] = []
        enrich(record)
        deliver(storages[alias], [record], lambda *refusal: refused.append(refusal))
        return not refused
