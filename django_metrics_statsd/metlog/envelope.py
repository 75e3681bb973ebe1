"""The message: its fields, its severities and its JSON, which is made of whatever comes."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

#: The version of the message format. Only a change of the fields changes it.
ENV_VERSION = "0.8"

Message = dict[str, Any]


class SEVERITY:
    """The severity numbers of syslog (RFC 3164, section 4.1.1); a lower number is more severe."""

    EMERGENCY = 0
    ALERT = 1
    CRITICAL = 2
    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFORMATIONAL = 6
    DEBUG = 7


def hostname() -> str:
    """Return this machine's own name. Asks the kernel, not the network."""
    return socket.gethostname()


def envelope(
    kind: str,
    logger: str,
    severity: int,
    payload: object,
    fields: Mapping[str, Any] | None,
    host: str,
) -> Message:
    """Return a message with the nine fields of envelope version 0.8, as of now."""
    return {
        "type": kind,
        "timestamp": timestamp(datetime.now(UTC)),
        "logger": logger,
        "severity": severity,
        "payload": payload if isinstance(payload, str) else text(payload),
        "fields": dict(fields) if fields else {},
        "env_version": ENV_VERSION,
        "metlog_pid": os.getpid(),  # asked each time: a forked child has another one
        "metlog_hostname": host,
    }


def timestamp(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, always with six digits of the second and a ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def encode(message: Mapping[str, Any], indent: int | None = None) -> str:
    """Write a message as JSON.

    Values that JSON has no form for (dates, bytes, sets, lazy strings) become text. Where that is
    not enough (odd keys, cycles, not-a-number), every value of ``fields`` becomes text.
    """
    try:
        return _encoder(indent)(message)
    except (TypeError, ValueError, RecursionError):
        return json.dumps(_flat(message), default=text, indent=indent)


@lru_cache(4)
def _encoder(indent: int | None) -> Callable[[object], str]:
    return json.JSONEncoder(default=text, allow_nan=False, indent=indent).encode


def _flat(message: Mapping[str, Any]) -> Message:
    flat = {text(key): _scalar(value) for key, value in message.items()}
    fields = message.get("fields")
    if isinstance(fields, Mapping):
        flat["fields"] = {text(key): _scalar(value) for key, value in fields.items()}
    return flat


def _scalar(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, str)) else text(value)


def text(value: object) -> str:
    """Return `value` as text, even if its own ``__str__`` fails. Bytes are read as UTF-8."""
    try:
        if isinstance(value, bytes):
            return value.decode("utf-8", "backslashreplace")
        return str(value)
    except Exception:
        return f"<{type(value).__name__} without text>"
