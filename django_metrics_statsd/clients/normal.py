"""The plain client: one packet for each stat, at once. For scripts, and to see what is emitted when."""

from __future__ import annotations

import threading
from itertools import chain
from typing import Any

from django_metrics_statsd import background
from django_metrics_statsd.clients import build
from django_metrics_statsd.clients.base import BaseClient, Record
from django_metrics_statsd.clients.delivery import Delivery
from django_metrics_statsd.clients.packets import lines_of
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.conf import conf


class StatsClient(BaseClient):
    """Sends each stat when it is emitted; a pipeline's stats together.

    The name is resolved and a TCP server waited for in the emitting thread, which is why `buffered` is
    the default.
    """

    def __init__(self) -> None:
        super().__init__()
        self._size = conf.STATSD_MAXUDPSIZE
        self._dialect = build.dialect()
        self._address = build.address()
        self._transport = build.transport()
        self._lock = threading.Lock()
        background.look_after(self)

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Send one stat."""
        self.record_all([Record(kind, stat, value, rate, tags)])

    def record_all(self, records: list[Record]) -> None:
        """Send several stats, in as few packets as hold them."""
        windows = [self._window(record) for record in records]
        with self._lock:
            delivery = Delivery(self._transport, self._size, self.counts)
            lines = chain.from_iterable(
                lines_of(window, self._dialect, self._size, delivery.refuse) for window in windows
            )
            delivery.send(lines, sum(window.taken for window in windows))

    def _window(self, record: Record) -> Window:
        """Return a window of one stat: each keeps its place among the others."""
        window = Window(1, self.counts.drop)
        window.fold_one(record)
        return window

    def reset(self) -> None:
        """Start anew in a forked child."""
        self._lock = threading.Lock()
        self._transport.abandon()

    def close(self) -> None:
        """Close the socket. The next stat opens another."""
        with self._lock:
            self._transport.close()

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return str(self._address)
