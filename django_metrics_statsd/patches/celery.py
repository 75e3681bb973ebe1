"""Counts and times Celery tasks.

``celery.{task}.{sent|start|done|failure}`` are counts, ``celery.{task}.runtime`` is in milliseconds.

Behind ``STATSD_CELERY_SIGNALS``; needs the ``celery`` extra.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.names import TagValues
from django_metrics_statsd.patches.base import Patch
from django_metrics_statsd.safety import failed

try:
    from celery import signals
except ImportError as error:
    raise ImportError(
        "STATSD_CELERY_SIGNALS needs the package celery: pip install 'django-metrics-statsd[celery]'"
    ) from error

_STARTED = "_metrics_started"
_tasks = TagValues(1_000)  # task names come with messages, which anybody on the broker can send


def _safely(receiver: Callable[..., None]) -> Callable[..., None]:
    @wraps(receiver)
    def guarded(sender: Any = None, **kwargs: Any) -> None:
        try:
            receiver(sender, **kwargs)
        except Exception:
            failed("patches.celery")

    return guarded


def _stat(task: Any, what: str) -> str:
    name = task if isinstance(task, str) else getattr(task, "name", None) or "unknown"
    return f"celery.{_tasks('task', name)}.{what}"


@_safely
def _sent(sender: Any, **kwargs: Any) -> None:
    statsd.incr(_stat(sender, "sent"))


@_safely
def _started(sender: Any, task: Any = None, **kwargs: Any) -> None:
    statsd.incr(_stat(sender, "start"))
    setattr(task.request, _STARTED, perf_counter())


@_safely
def _done(sender: Any, task: Any = None, **kwargs: Any) -> None:
    statsd.incr(_stat(sender, "done"))
    started = getattr(task.request, _STARTED, None)
    if started is not None:
        statsd.timing(_stat(sender, "runtime"), 1000 * (perf_counter() - started))


@_safely
def _failed(sender: Any, **kwargs: Any) -> None:
    statsd.incr(_stat(sender, "failure"))


class CeleryPatch(Patch):
    """Connects to Celery's task signals."""

    _pairs = (
        (signals.after_task_publish, _sent),
        (signals.task_prerun, _started),
        (signals.task_postrun, _done),
        (signals.task_failure, _failed),
    )

    def apply(self) -> None:
        """Connect."""
        for signal, receiver in self._pairs:
            signal.connect(receiver, weak=False)

    def uninstall(self) -> None:
        """Disconnect."""
        for signal, receiver in self._pairs:
            signal.disconnect(receiver)
        super().uninstall()


patch = CeleryPatch()
