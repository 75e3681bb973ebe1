"""Texts and data as a record can hold them, whatever they were made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from typing import Any

import msgspec

from django_metrics_statsd.hits.making import clean
from django_metrics_statsd.hits.records import DATA, NAME
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.safety import say_once

#: How deep data may be nested; what is deeper becomes "...".
DEPTH = 8
#: What MessagePack, JSON readers and databases all take as a number.
_HIGHEST = 2**63 - 1


class TooLarge(Exception):  # noqa: N818 - it is an answer, no fault
    """The data would have more than `DATA` bytes as JSON."""


def text(value: Any, limit: int) -> str:
    """Return `value` as text of at most `limit` characters; its type's name where it does not tell."""
    if value is None:
        return ""
    try:
        return clean(value, limit)
    except Exception:  # a __str__ of the site's
        return clean(f"<{type(value).__name__}>", limit)


def plain(data: Any) -> dict[str, Any]:
    """Return `data` as a dictionary that JSON can hold; what is no mapping stands under ``value``.

    Data of more than `DATA` bytes is replaced by ``{"_dropped": "too large"}``, and data that fails while it
    is read by ``{"_dropped": "unreadable"}``. Both are counted. Nothing is read much beyond the limit.
    """
    if data is None:
        return {}
    try:
        return _Reading().whole(data)
    except TooLarge:
        return _dropped("too large", "event_data_too_large")
    except Exception:  # what a mapping of the site's raises when it is read
        return _dropped("unreadable", "event_data_unreadable")


def _dropped(why: str, reason: str) -> dict[str, Any]:
    road.counts.drop(reason)
    say_once(reason, "an event's data is %s and was left out; it may have %d bytes as JSON", why, DATA)
    return {"_dropped": why}


class _Reading:
    """Reads one event's data, and gives up as soon as it is sure to be too large."""

    def __init__(self) -> None:
        self._left = DATA

    def whole(self, data: Any) -> dict[str, Any]:
        """Return the data as a dictionary.

        Raises:
            TooLarge: it is.
        """
        found = self.plain(data, DEPTH)
        found = found if isinstance(found, dict) else {"value": found}
        if len(msgspec.json.encode(found)) > DATA:
            raise TooLarge
        return found

    def _spend(self, size: int) -> None:
        """Take off what something has as JSON at the least."""
        self._left -= size
        if self._left < 0:
            raise TooLarge

    def _text(self, value: Any) -> str:
        found = text(value, DATA + 1)
        self._spend(len(found) + 2)
        return found

    def plain(self, value: Any, depth: int) -> Any:
        """Return `value` as JSON has it, containers down to `depth`."""
        self._spend(1)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, str):
            return self._text(str.__str__(value))
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._container(value, depth)
        return self._text(value.isoformat() if isinstance(value, date | time) else value)

    def _number(self, value: float) -> Any:
        if isinstance(value, int):
            return int(value) if -_HIGHEST <= value <= _HIGHEST else self._text(value)
        return float(value) if math.isfinite(value) else self._text(value)

    def _container(self, value: Any, depth: int) -> Any:
        if depth == 0:
            return "..."
        if not isinstance(value, Mapping):
            return [self.plain(item, depth - 1) for item in value]
        return {self._key(key): self.plain(item, depth - 1) for key, item in value.items()}

    def _key(self, key: Any) -> str:
        found = text(str.__str__(key) if isinstance(key, str) else str(key), NAME)
        self._spend(len(found) + 3)
        return found
