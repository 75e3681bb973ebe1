"""Windows written as of any time, for the tests of reading, rolling up and pruning."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, SET, TIMER
from django_metrics_statsd.monitoring.stats.backlog import Backlog
from django_metrics_statsd.monitoring.stats.naming import StoreNames
from django_metrics_statsd.monitoring.stats.window import Batch, StatWindow
from django_metrics_statsd.monitoring.stats.writing import Writer
from django_metrics_statsd.safety import Telemetry

KINDS = {"c": COUNTER, "ms": TIMER, "g": GAUGE, "g+": GAUGE_DELTA, "s": SET}
STEP = 10


def batch(start: float, *stats: tuple[str, str, Any], most: int = 5_000) -> Batch:
    """A window of some stats, each ``(kind, name, value)``; `start` is rounded down."""
    window = StatWindow(int(start // STEP) * STEP, StoreNames(), most, set(), lambda *_: None)
    for kind, name, value in stats:
        for each in value if isinstance(value, list) else [value]:
            window.fold_one((KINDS[kind], name, each, 1, None))
    return Batch(uuid4().hex, window, STEP)


def write(*batches: Batch, counts: Telemetry | None = None) -> None:
    """Write windows as one process does."""
    counts = counts or Telemetry()
    backlog = Backlog(counts)
    for each in batches:
        backlog.add(each)
    Writer(counts).write(backlog, 5)
