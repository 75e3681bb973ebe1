"""Windows that wait for the database, in memory and within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.window import Batch
from django_metrics_statsd.safety import Telemetry


class Backlog:
    """Windows that wait to be written, oldest first; past ``MONITORING_STATS_BACKLOG`` the oldest go.

    Args:
        lost: called with each that goes so.
    """

    def __init__(self, counts: Telemetry, lost: Callable[[Batch], None] = lambda _: None) -> None:
        self._counts, self._lost = counts, lost
        self._batches: deque[Batch] = deque()
        self._size = 0

    def __len__(self) -> int:
        return len(self._batches)

    def add(self, batch: Batch) -> None:
        """Append a window. What has no room is dropped; the last one always has some."""
        self._batches.append(batch)
        self._size += batch.size
        while self._size > conf.MONITORING_STATS_BACKLOG and len(self._batches) > 1:
            self.drop("database")

    def first(self) -> Batch | None:
        """Return the oldest window."""
        return self._batches[0] if self._batches else None

    def done(self) -> Batch:
        """Take the oldest window out."""
        batch = self._batches.popleft()
        self._size -= batch.size
        return batch

    def drop(self, reason: str) -> None:
        """Take the oldest window out, and count what was in it as lost."""
        batch = self.done()
        self._counts.drop(reason, batch.taken)
        self._lost(batch)

    def drop_older(self, than: float) -> None:
        """Drop windows from before that time: whether they are in the database, nobody knows any more."""
        while self._batches and self._batches[0].start < than:
            self.drop("database")
