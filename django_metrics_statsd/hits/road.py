"""The road that records take out of a process: an append at the caller, everything else in one thread.

What is put here waits in a bounded buffer. A late-started daemon thread makes the records, which is where
all parsing happens, and gives them in batches to the transport. While that cannot take them they wait; past
``WT_BUFFER`` the oldest are dropped, and counted.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from django_metrics_statsd import background
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.hits.conf import conf, on_change
from django_metrics_statsd.hits.ids import Ids, microseconds, moment
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.safety import Telemetry, failed, say_once

Make = Callable[..., Record | None]

_MAX_DELAY = 30.0
_POLL = 0.01


class Road:
    """Takes what becomes a record, from any thread, and carries it to the transport.

    Attributes:
        counts: how many records were sent, and how many were dropped for which reason.
    """

    def __init__(self) -> None:
        self.ids = Ids()
        self.counts = Telemetry()
        self._told: dict[str, int] = {}
        self._replaced: Transport | None = None
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._waiting: deque[tuple[Make, tuple[Any, ...]]] = deque()
        self._held: list[Record] = []
        self._transport: Transport | None = None
        self._worker: background.Worker | None = None
        self._pid = 0
        self._batch, self._limit = 1_000, 10_000
        self._delay = self._not_before = 0.0
        self._busy = False

    def put(self, make: Make, *args: Any) -> None:
        """Have ``make(*args)`` called in the thread, and what it returns carried on, if that is a record."""
        if self._pid != os.getpid():
            self._begin()
        waiting = self._waiting
        waiting.append((make, args))
        count = len(waiting)
        if count > self._limit:
            self._drop_oldest()
        elif not count % self._batch:
            self._wake()

    def new_id(self) -> tuple[UUID, datetime]:
        """Return an id for something that happens now, and its time in UTC."""
        identity = self.ids(time.time_ns() // 1_000)
        return identity, moment(microseconds(identity))

    def _begin(self) -> None:
        """Read the settings and start the thread, in this process."""
        with self._lock:
            if self._pid == os.getpid():
                return
            if self._pid:  # forked, without Python having been told
                self.reset()
            self._batch, self._limit = conf.WT_BATCH, conf.WT_BUFFER
            self._worker = background.Worker(self._round, conf.WT_FREQUENCY, "django_metrics_statsd.hits")
            background.look_after(self)
            self._worker.start()
            self._pid = os.getpid()

    def _wake(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.start()
            worker.wake()

    def _drop_oldest(self) -> None:
        try:
            self._waiting.popleft()
            self.counts.drop("buffer_full")
            if self._worker is not None:
                self._worker.start()  # if it died
        except IndexError:  # the thread was faster
            pass

    def _round(self) -> None:
        """Carry what there is, and say how much was lost. In the thread."""
        self._busy = True
        try:
            if monotonic() >= self._not_before or background.ending.told:
                self._carry()
            self._report()
        finally:
            self._busy = False

    def _carry(self) -> None:
        while self._held or self._waiting:
            if not self._held:
                self._held = self._take()
            try:
                self._find_transport().send(self._held)
            except Unavailable as error:
                self._put_off(error)
                return
            except Exception:  # a fault in a transport: no reason to keep all that follows
                failed("hits.send")
                self.counts.drop("not_sent", len(self._held))
                self._held = []
                continue
            self.counts.sent += len(self._held)
            self._held = []
            self._delay = self._not_before = 0.0

    def _put_off(self, error: Exception) -> None:
        say_once("hits.road", "hits cannot be sent: %s; they wait, %d at most", error, self._limit)
        self._delay = min(_MAX_DELAY, max(0.1, 2 * self._delay))
        self._not_before = monotonic() + self._delay

    def _take(self) -> list[Record]:
        """Make as many records as one batch has."""
        made: list[Record] = []
        try:
            while len(made) < self._batch:
                make, args = self._waiting.popleft()
                record = self._make(make, args)
                if record is not None:
                    made.append(record)
        except IndexError:
            pass
        return made

    def _make(self, make: Make, args: tuple[Any, ...]) -> Record | None:
        try:
            return make(*args)
        except BaseException:  # SystemExit too would end the thread
            self.counts.drop("not_made")
            failed("hits.make")
            return None

    def _find_transport(self) -> Transport:
        if self._replaced is not None:
            return self._replaced
        if self._transport is None:
            from django_metrics_statsd.hits.transports.choosing import make_transport

            self._transport = make_transport(self.counts)
        return self._transport

    def _report(self) -> None:
        """Tell StatsD what has been dropped since the last report."""
        for reason, count in list(self.counts.dropped.items()):
            new = count - self._told.get(reason, 0)
            if new:
                statsd.incr(f"django_metrics_statsd.hits.dropped.{reason}", new)
                self._told[reason] = count

    @property
    def waiting(self) -> int:
        """How many records have not left this process yet."""
        return len(self._waiting) + len(self._held)

    def flush(self, timeout: float | None = None) -> bool:
        """Have everything carried now; wait for it at most `timeout` seconds (None: 10); say whether it was.

        The thread does it, never the caller, which may be in the middle of a transaction.
        """
        if self._pid != os.getpid():
            return True
        deadline = monotonic() + (10.0 if timeout is None else timeout)
        self._not_before = 0.0
        while self.waiting or self._busy:
            self._wake()
            if monotonic() > deadline:
                return False
            time.sleep(_POLL)
        transport = self._transport
        return transport is None or transport.flush(max(0.0, deadline - monotonic()))

    def reset(self) -> None:
        """Start anew in a child process: what waits is the parent's."""
        transport = self._transport
        self._lock = threading.RLock()
        self._forget()
        self.ids.reset()
        if transport is not None:
            transport.abandon()

    def replace(self, transport: Transport | None) -> Transport | None:
        """Have records go to another transport (None: the configured one); return the previous."""
        previous, self._replaced = self._replaced, transport
        return previous

    def close(self) -> None:
        """Carry what is left, end the thread, let go of connections. The next record begins anew."""
        if self._pid != os.getpid():
            return
        self.flush(background.EXIT_DEADLINE)
        with self._lock:
            worker, transport = self._worker, self._transport
            self.counts.drop("closed", self.waiting)
            self._forget()
        background.let_go(self)
        if worker is not None:
            worker.stop(background.EXIT_DEADLINE)
        if transport is not None:
            transport.close()


road = Road()
on_change(road.close)
background.in_children(road.reset)  # also where the parent has put nothing on it: a child has its own slot
