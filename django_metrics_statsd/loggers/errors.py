"""Counts errors that reach the log."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.conf import conf
from django_metrics_statsd.safety import failed

_OWN = "django_metrics_statsd"
_counting: ContextVar[bool] = ContextVar("metrics_log_counting", default=False)


class StatsdHandler(logging.Handler):
    """Counts ``error.{exception class}`` for each record with an exception.

    With ``STATSD_LOG_LEVELS``, also ``log.{level}`` for each record. Messages are never read. Our own
    records, and those that counting itself causes, are left out, so the handler cannot feed itself.
    """

    def handle(self, record: logging.LogRecord) -> bool:
        """Count a record that passes the filters, without the lock that handlers hold while they write.

        Counting needs none; and where it makes a client that has something to log, two threads would wait
        for each other.
        """
        passed: Any = self.filter(record)  # since Python 3.12 a filter may put another record in its place
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record."""
        if record.name.partition(".")[0] == _OWN or _counting.get():
            return
        token = _counting.set(True)
        try:
            self._count(record)
        except Exception:
            failed("loggers.errors")
        finally:
            _counting.reset(token)

    def _count(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        if error is not None:
            statsd.incr(f"error.{error.__name__.lower()}")
        level = _level_name(record.levelno)
        if level in conf.STATSD_LOG_LEVELS:
            statsd.incr(f"log.{level}")


def _level_name(number: int) -> str:
    """Return the standard level that a record is at or above; custom ones must not invent names."""
    for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO):
        if number >= level:
            return logging.getLevelName(level).lower()
    return "debug"
