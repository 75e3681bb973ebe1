"""The client that keeps stats in memory, bounded: for a page that shows what was emitted."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from time import time
from typing import Any

from django_metrics_statsd import background
from django_metrics_statsd.clients.base import GAUGE_DELTA, SET, BaseClient, Record, milliseconds
from django_metrics_statsd.clients.dialects import is_number

#: How many series and how many recent stats are kept.
MAX_SERIES = 1_000
MAX_RECENT = 500


@dataclass
class Series:
    """What is known of one series: how many stats, their sum, the last value and when (Unix seconds)."""

    kind: str
    stat: str
    count: int = 0
    total: float = 0.0
    last: Any = None
    at: float = 0.0


class StatsClient(BaseClient):
    """Keeps the last values of up to 1,000 series and the 500 most recent stats of this process."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._series: OrderedDict[tuple[str, str], Series] = OrderedDict()
        self._recent: deque[tuple[float, Record]] = deque(maxlen=MAX_RECENT)
        background.look_after(self)

    def record(self, kind: str, stat: Any, value: Any, rate: float, tags: Any) -> None:
        """Keep one stat; the series longest without one gives way."""
        if not isinstance(stat, str) or not stat:
            self.counts.drop("name")
            return
        value = milliseconds(value)
        if kind != SET and not is_number(value):
            self.counts.drop("value")
            return
        now, amount = time(), 0.0 if kind == SET else float(value)
        with self._lock:
            try:
                self._update(self._find(kind, stat), amount, value, now)
            except Exception:  # a name of the host's own class, which may not even have a hash
                self.counts.drop("name")
            else:
                self._recent.append((now, Record(kind, stat, value, rate, tags)))

    def _find(self, kind: str, stat: str) -> Series:
        key = (kind, stat)
        found = self._series.get(key)
        if found is None:
            if len(self._series) >= MAX_SERIES:
                self._series.popitem(last=False)
                self.counts.drop("series")
            found = self._series[key] = Series(kind, stat)
        self._series.move_to_end(key)
        return found

    def _update(self, series: Series, amount: float, value: Any, now: float) -> None:
        series.count += 1
        series.total += amount
        series.last = series.total if series.kind == GAUGE_DELTA else value
        series.at = now
        self.counts.sent += 1

    def series(self) -> list[Series]:
        """Return copies of the series, the one with the latest stat first."""
        with self._lock:
            return [Series(**vars(series)) for series in reversed(self._series.values())]

    def recent(self) -> list[tuple[float, Record]]:
        """Return the most recent stats with their times (Unix seconds), oldest first."""
        with self._lock:
            return list(self._recent)

    def reset(self) -> None:
        """Forget everything, as a forked child does."""
        self._lock = threading.Lock()
        self._series.clear()
        self._recent.clear()


def find(clients: Iterable[BaseClient]) -> StatsClient | None:
    """Return the in-memory client among `clients`, if there is one."""
    return next((client for client in clients if isinstance(client, StatsClient)), None)
