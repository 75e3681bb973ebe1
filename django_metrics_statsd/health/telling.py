"""Tells stats, the log and the history what was found, once for each run."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.health import history
from django_metrics_statsd.health.results import Result, State
from django_metrics_statsd.names import freeze_tags
from django_metrics_statsd.plan import planned
from django_metrics_statsd.safety import failed

logger = logging.getLogger("django_metrics_statsd.health")


def tell(results: Sequence[Result]) -> None:
    """Emit ``health.{check}.{part}`` in milliseconds and ``….{state}`` as a count; log and keep changes."""
    try:
        for result in results:
            _emit(result)
            _tell_change(result)
    except Exception:
        failed("health.telling")


def _emit(result: Result) -> None:
    name, tags = f"health.{result.name}", None
    if planned.now.tags:
        named = {"check": result.check, "part": result.part, "state": str(result.state)}
        tags = freeze_tags({key: value for key, value in named.items() if value})
    statsd.timing(name, result.duration_ms, 1, tags)
    statsd.incr(f"{name}.{result.state}", 1, 1, tags)


def _tell_change(result: Result) -> None:
    before = history.history.note(result)
    if before is result.state:
        return
    if result.state in {State.WARN, State.FAIL, State.TIMEOUT}:
        logger.warning("%s: %s. %s", result.name, result.state, result.message)
    elif before is not None:
        again = " again" if result.state is State.OK else ""
        logger.info("%s: %s%s", result.name, result.state, again)
