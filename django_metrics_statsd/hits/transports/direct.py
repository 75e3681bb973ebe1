"""No Redis: a thread per storage writes, in each process of the site, at the storage's own pace."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from time import monotonic

from django_metrics_statsd import background
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.delivering import deliver
from django_metrics_statsd.hits.enrichment.enrich import enrich
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Storage, Unavailable
from django_metrics_statsd.hits.storages.loading import make_storages
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.safety import Telemetry, failed, say_once

#: The longest pause in seconds.
MAX_DELAY = 30.0
_POLL = 0.01
#: Seconds between two calls of a storage's `maintain`.
MAINTENANCE = 60.0


class DirectTransport(Transport):
    """Enriches records and lays them before each storage's lane; never unavailable itself."""

    def __init__(self, counts: Telemetry) -> None:
        self._lanes = [Lane(storage, counts) for storage in make_storages()]

    def send(self, records: Sequence[Record]) -> None:
        for record in records:
            enrich(record)
        for lane in self._lanes:
            lane.take(records)

    def flush(self, timeout: float | None) -> bool:
        deadline = monotonic() + (10.0 if timeout is None else timeout)
        return min([lane.flush(deadline) for lane in self._lanes], default=True)  # each gets its turn

    def abandon(self) -> None:
        self._lanes = []

    def close(self) -> None:
        for lane in self._lanes:
            lane.close()


class Lane:
    """What one storage has still to write, and the thread that writes it."""

    def __init__(self, storage: Storage, counts: Telemetry) -> None:
        self._storage, self._counts = storage, counts
        self._batch, self._limit = conf.WT_BATCH, conf.WT_BUFFER
        self._waiting: deque[Record] = deque()
        self._held: list[Record] = []
        self._pause = background.Pause()
        self._maintained = monotonic()
        self._busy = False
        name = f"django_metrics_statsd.hits.{storage.alias}"
        self._worker = background.Worker(self._round, conf.WT_FREQUENCY, name, storage.close)

    def take(self, records: Sequence[Record]) -> None:
        """Have these written; where too many wait, the oldest go."""
        self._waiting.extend(records)
        while len(self._waiting) > self._limit:
            self._waiting.popleft()
            self._counts.drop("storage_full")
        self._worker.start()
        self._worker.wake()

    def _round(self) -> None:
        self._busy = True
        try:
            if self._pause.over:
                self._write_all()
        except Unavailable as error:
            self._put_off(error)
        finally:
            self._busy = False

    def _write_all(self) -> None:
        while self._held or self._waiting:
            while self._waiting and len(self._held) < self._batch:
                self._held.append(self._waiting.popleft())
            deliver(self._storage, self._held, self._refuse)
            self._held = []
            self._pause.end()
        if monotonic() > self._maintained + MAINTENANCE:
            self._maintained = monotonic()
            self._maintain()

    def _maintain(self) -> None:
        try:
            self._storage.maintain()
        except Unavailable:
            raise
        except Exception:
            failed(f"hits.maintain.{self._storage.alias}")

    def _refuse(self, record: Record, reason: str) -> None:
        self._counts.drop("refused")
        say_once("hits.refused", "storage %s refuses a record: %s", self._storage.alias, reason)

    def _put_off(self, error: Exception) -> None:
        say_once("hits.lane", "storage %s cannot be written to: %s", self._storage.alias, error)
        self._pause.lengthen(MAX_DELAY)

    def flush(self, deadline: float) -> bool:
        """Have everything written by the thread; say whether it was before `deadline`."""
        self._pause.cut()
        while self._waiting or self._held or self._busy:
            self._worker.start()
            self._worker.wake()
            if monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def close(self) -> None:
        """End the thread, which lets go of the storage's connections."""
        self._counts.drop("closed", len(self._waiting) + len(self._held))
        self._worker.stop(background.EXIT_DEADLINE)
