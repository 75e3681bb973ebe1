"""A sender that passes messages on to the standard library's `logging`."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django_metrics_statsd.metlog.envelope import SEVERITY, Message, encode

#: The `logging` level for each severity.
LEVELS = {
    SEVERITY.EMERGENCY: logging.CRITICAL,
    SEVERITY.ALERT: logging.CRITICAL,
    SEVERITY.CRITICAL: logging.CRITICAL,
    SEVERITY.ERROR: logging.ERROR,
    SEVERITY.WARNING: logging.WARNING,
    SEVERITY.NOTICE: logging.INFO,
    SEVERITY.INFORMATIONAL: logging.INFO,
    SEVERITY.DEBUG: logging.DEBUG,
}


class StdLibLoggingSender:
    """Logs messages: the payload of some types, the whole message as JSON of others.

    Args:
        logger_name: the `logging` logger to write to; the root logger by default.
        payload_types: message types of which only the payload is logged; ``"*"`` for all.
        json_types: message types that are logged whole; ``"*"`` for all. The rest is not logged.
    """

    def __init__(
        self,
        logger_name: str | None = None,
        payload_types: str | Iterable[str] = "oldstyle",
        json_types: str | Iterable[str] = "*",
    ) -> None:
        self.logger = logging.getLogger(logger_name)
        self.payload_types = _types(payload_types)
        self.json_types = _types(json_types)

    def send_message(self, msg: Message) -> None:
        """Log one message."""
        level = LEVELS.get(msg["severity"], logging.WARNING)
        if not self.payload_types.isdisjoint((msg["type"], "*")):
            self.logger.log(level, "%s", msg["payload"])
        elif not self.json_types.isdisjoint((msg["type"], "*")):
            self.logger.log(level, "%s", encode(msg))


def _types(names: str | Iterable[str]) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)
