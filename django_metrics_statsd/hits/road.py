"""The road that records take out of a process.

The thread makes the records, which is where all parsing happens, and gives them in batches to the transport.
While that cannot take them they wait, up to ``WT_BUFFER``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django_metrics_statsd import background
from django_metrics_statsd.hits.conf import conf, on_change
from django_metrics_statsd.hits.ids import Ids, microseconds, moment
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.roads import BaseRoad, Pace
from django_metrics_statsd.safety import failed, say_once

Make = Callable[..., Record | None]

#: The longest pause in seconds.
MAX_DELAY: Final = 30.0


class Road(BaseRoad[Make, *tuple[Any, ...]]):
    """Takes what becomes a record: ``put(make, *args)`` has ``make(*args)`` called in the thread.

    What it returns is carried on to the transport, if that is a record.
    """

    def __init__(self) -> None:
        self.ids = Ids()
        self._replaced: Transport | None = None
        super().__init__("django_metrics_statsd.hits")

    def _forget(self) -> None:
        super()._forget()
        self._held: list[Record] = []
        self._transport: Transport | None = None

    def _pace(self) -> Pace:
        return Pace(limit=conf.WT_BUFFER, wake_at=conf.WT_BATCH, interval=conf.WT_FREQUENCY)

    def new_id(self) -> tuple[UUID, datetime]:
        """Return an id for something that happens now, and its time in UTC."""
        identity = self.ids(time.time_ns() // 1_000)
        return identity, moment(microseconds(identity))

    def _work(self) -> None:
        if self._may_try():
            self._carry()

    def _carry(self) -> None:
        while self._held or self._waiting:
            if not self._held:
                self._held = self._take()
            try:
                self._find_transport().send(self._held)
            except Unavailable as error:
                say_once("hits.road", "hits cannot be sent: %s; they wait, %d at most", error, self._limit)
                self._pause.lengthen(MAX_DELAY)
                return
            except Exception:  # a fault in a transport: no reason to keep all that follows
                failed("hits.send")
                self.counts.drop("not_sent", len(self._held))
                self._held = []
                continue
            self.counts.sent += len(self._held)
            self._held = []
            self._pause.end()

    def _take(self) -> list[Record]:
        """Make as many records as one batch has."""
        made: list[Record] = []
        batch = self._wake_at  # the thread is woken for each whole one
        try:
            while len(made) < batch:
                record = self._make(*self._waiting.popleft())
                if record is not None:
                    made.append(record)
        except IndexError:
            pass
        return made

    def _make(self, make: Make, *args: Any) -> Record | None:
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

    @property
    def waiting(self) -> int:
        """How many records have not left this process yet."""
        return len(self._waiting) + len(self._held)

    def _flush_beyond(self, timeout: float) -> bool:
        return self._transport is None or self._transport.flush(timeout)

    def reset(self) -> None:
        """Start anew in a child process: what waits is the parent's."""
        transport = self._transport
        super().reset()
        self.ids.reset()
        if transport is not None:
            transport.abandon()

    def replace(self, transport: Transport | None) -> Transport | None:
        """Have records go to another transport (None: the configured one); return the previous."""
        previous, self._replaced = self._replaced, transport
        return previous

    def _after(self) -> Callable[[], object] | None:
        return None if self._transport is None else self._transport.close


road = Road()
on_change(road.close)
background.in_children(road.reset)  # also where the parent has put nothing on it: a child has its own slot
