"""What ``add`` does: cheap at the caller, in step with the caller's transaction, and never raising.

In the background, which is the usual way, an ``add`` within a transaction waits for its commit, and goes with
it when that is rolled back; then it is an append to a bounded buffer. A thread of each process writes what
waits, once a second. ``immediate`` writes at once instead, as a part of the caller's transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connections, transaction

from django_metrics_statsd.monitoring.bases import is_finite
from django_metrics_statsd.monitoring.conf import IMMEDIATE, conf
from django_metrics_statsd.monitoring.rollups.points import Sample
from django_metrics_statsd.monitoring.rollups.road import road
from django_metrics_statsd.safety import failed


def record(model: Any, sample: Sample) -> None:
    """Have a sample kept, unless the transaction that this is in comes to nothing."""
    try:
        if not is_finite(sample):
            road.counts.drop("not_finite")
        elif conf.MONITORING_WRITE == IMMEDIATE:
            _at_once(model, sample)
        else:
            when_committed(partial(road.put, model, sample))
    except Exception:
        road.counts.drop("not_added")
        failed("monitoring.add")


def _at_once(model: Any, sample: Sample) -> None:
    if _in_event_loop():  # which may not wait for a database; the next writer, or reader, takes it along
        road.hold(model, sample)
    else:
        road.write_now(model, sample)


def when_committed(function: Callable[[], object]) -> None:
    """Call `function` once every transaction that this thread is in has committed; now, if it is in none.

    All databases count, as what is added may be kept in another one than what it tells of.
    """
    waiting = {each.alias for each in connections.all(initialized_only=True) if each.in_atomic_block}

    def committed(alias: str) -> None:
        waiting.discard(alias)
        if not waiting:
            function()

    if not waiting:
        function()
    for alias in list(waiting):  # each at once: what is registered later outlives a savepoint rolled back
        transaction.on_commit(partial(committed, alias), using=alias)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
