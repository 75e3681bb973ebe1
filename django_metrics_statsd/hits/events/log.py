"""The log as events: ``{"class": "django_metrics_statsd.hits.events.EventLogHandler"}`` in ``LOGGING``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from traceback import TracebackException
from typing import Any

from django.http import HttpRequest

from django_metrics_statsd.hits.events.asking import http_request, method_and_path, origin_of, user_of_request
from django_metrics_statsd.hits.events.making import make, put
from django_metrics_statsd.hits.events.plain import text
from django_metrics_statsd.hits.events.quiet import no_queries
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import NOTES
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.safety import failed

#: Our logger, and how the names of our threads begin.
_OWN = "django_metrics_statsd"
#: Characters of a message that are the event's name.
_NAME = 120
#: Frames of a traceback that are kept, the innermost.
_FRAMES = -50
#: Probes of strangers at the site's address fill a log; they get a class of their own, to be told apart.
_NOISE = "django.security.DisallowedHost"
_SEEN = "metrics_hits_seen"

_left_out: ContextVar[bool] = ContextVar("metrics_hits_log_left_out", default=False)


@contextmanager
def left_out() -> Iterator[None]:
    """Make no events of what is logged in this block, as where events themselves are written."""
    token = _left_out.set(True)
    try:
        yield
    finally:
        _left_out.reset(token)


class _Pace:
    """How many records were let through in this second, in this process."""

    def __init__(self) -> None:
        self._second, self._count = 0, 0

    def allows(self, limit: int) -> bool:
        second = int(monotonic())
        if second != self._second:
            self._second, self._count = second, 0
        self._count += 1
        return self._count <= limit

    def reset(self) -> None:
        self._second = 0


pace = _Pace()


class EventLogHandler(logging.Handler):
    """Makes an event of each record, at most `per_second` in a second and process; the rest is counted.

    Left out are our own records, those that making and writing events causes, and what another such handler
    has taken. Of an exception it keeps type, message and traceback, never local variables; of a request
    method, path, user and address.
    """

    def __init__(self, level: int | str = logging.NOTSET, per_second: int = 20) -> None:
        super().__init__(level)
        self.per_second = _whole(per_second)

    def emit(self, record: logging.LogRecord) -> None:
        """Put the event of one record on the road."""
        if _left_out.get() or _is_own(record) or getattr(record, _SEEN, False):
            return
        with left_out():
            try:
                if not planned.now.stopped:
                    setattr(record, _SEEN, True)
                    self._take(record)
            except Exception:
                failed("hits.log")

    def _take(self, record: logging.LogRecord) -> None:
        if not pace.allows(self.per_second):
            road.counts.drop("log_flood")
            return
        request = http_request(getattr(record, "request", None))
        with no_queries():  # which the message's arguments may need
            event = make(**_describe(record, request))
        put(event, origin_of(request))


def _whole(per_second: Any) -> int:
    if isinstance(per_second, int) and per_second >= 1:
        return per_second
    raise ValueError(f"per_second is {per_second!r}; write a whole number from 1 up")


def _is_own(record: logging.LogRecord) -> bool:
    """Whether we logged it, or a library that works for us in one of our threads."""
    return record.name.partition(".")[0] == _OWN or threading.current_thread().name.startswith(_OWN)


def _describe(record: logging.LogRecord, request: HttpRequest | None) -> dict[str, Any]:
    message = _message(record)
    method, path = method_and_path(request)
    return {
        "name": message[:_NAME],
        "event_class": "Log DisallowedHost" if record.name == _NOISE else f"Log {record.levelname}",
        "notes": _with_error(message, record),
        "bucket": record.name,
        "data": _details(record),
        "user": user_of_request(request),
        "url": request.path if request is not None and path else "",
        "method": method,
        "path": path,
    }


def _message(record: logging.LogRecord) -> str:
    try:
        return text(record.getMessage(), NOTES)
    except Exception:  # arguments that do not go with the message, or fail when written
        return text(record.msg, NOTES)


def _details(record: logging.LogRecord) -> dict[str, Any]:
    details: dict[str, Any] = {"module": record.module, "line": record.lineno}
    status = getattr(record, "status_code", None)
    return {**details, "status_code": status} if isinstance(status, int) else details


def _with_error(message: str, record: logging.LogRecord) -> str:
    """Return the message and, of the exception, as much as there is room for: its end says most."""
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is None:
        return message
    message = message[: NOTES // 4]
    told = _traceback(error)
    return f"{message}\n\n{told[-(NOTES - len(message) - 2) :]}"


def _traceback(error: BaseException) -> str:
    try:
        lines = TracebackException.from_exception(error, limit=_FRAMES, capture_locals=False).format()
        return "".join(lines)
    except Exception:
        return f"<{type(error).__name__}>"
