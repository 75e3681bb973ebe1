"""The never-raise guard: count what went wrong, say it once in the log, go on.

Every place where our code runs inside the host's (a request, a query, a log record) ends in this
module instead of in an exception of the host's.
"""

from __future__ import annotations

import logging

logger = logging.getLogger("django_metrics_statsd")

#: How often each guarded place failed in this process: ``{"patches.db": 2}``. The keys are places in
#: our code, so there are only a few of them.
faults: dict[str, int] = {}

_MAX_TOLD = 200
_told: set[tuple[str, str]] = set()


def failed(where: str) -> None:
    """Count the exception being handled as a fault of `where`; log it, with traceback, the first time."""
    faults[where] = faults.get(where, 0) + 1
    say_once(where, "something went wrong inside %s; the site goes on without it", where, exc_info=True)


def say_once(topic: str, message: str, *args: object, exc_info: bool = False) -> None:
    """Log a warning, but only the first time for this topic and these words."""
    key = (topic, message)
    if key in _told or len(_told) >= _MAX_TOLD:
        return
    _told.add(key)
    logger.warning(message, *args, exc_info=exc_info)


def forget() -> None:
    """Forget counted faults and what was said already (for tests and for a changed setting)."""
    faults.clear()
    _told.clear()


class Telemetry:
    """What one client did with the stats it was given.

    ``sent`` and ``dropped`` count stats as the host emitted them, ``packets`` and ``bytes`` count what
    went over the wire. Plain integers: a lost update between two threads costs one in a count,
    a lock would cost every request.
    """

    __slots__ = ("bytes", "dropped", "packets", "sent")

    def __init__(self) -> None:
        self.sent = 0
        self.packets = 0
        self.bytes = 0
        self.dropped: dict[str, int] = {}

    def drop(self, reason: str, count: int = 1) -> None:
        """Count `count` stats as lost for `reason` (one of a few words of ours, never data)."""
        if count:
            self.dropped[reason] = self.dropped.get(reason, 0) + count

    def as_dict(self) -> dict[str, object]:
        """Return ``{"sent", "packets", "bytes", "dropped": {reason: count}}``, a copy."""
        return {
            "sent": self.sent,
            "packets": self.packets,
            "bytes": self.bytes,
            "dropped": dict(self.dropped),
        }
