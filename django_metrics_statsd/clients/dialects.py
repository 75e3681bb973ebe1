"""How a stat is written on the wire: names, tags, numbers, lines.

Sources: the metric types of statsd/statsd (docs/metric_types.md), the DogStatsD datagram format v1.1,
Telegraf's InfluxDB-style tags (``name,tag=value``) and Graphite's tags (``name;tag=value``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django_metrics_statsd.names import Names, Tags, TagValues, clean

_MAX_NUMBER = 1e15  # past this a float has no whole steps left and would be written with an exponent
_MAX_SET_MEMBER = 200
_MAX_HEADS = 8_192

#: Stands for a line's end where the next line has to go in the same packet.
TOGETHER = "\r"


class Dialect:
    """Writes lines for one kind of server.

    Args:
        style: ``"datadog"``, ``"influxdb"``, ``"graphite"``, or None to fold tags into the name.
        prefix: goes, with a dot, before every name.
        constant: tags that every stat carries.
        tag_values: how many values a tag may have before they become ``_overflow``.
        multi: whether one line may carry several values of a timer.
    """

    def __init__(
        self,
        style: str | None = None,
        prefix: str = "",
        constant: dict[str, str] | None = None,
        tag_values: int = 500,
        multi: bool = False,
    ) -> None:
        self.style, self.multi = style, multi
        self._name = Names(prefix)
        self._constant: Tags = tuple((constant or {}).items())
        self._bounded = TagValues(tag_values)
        self._heads: dict[tuple[str, Tags], tuple[str, str]] = {}

    def head(self, stat: str, tags: Tags = ()) -> tuple[str, str] | None:
        """Return what stands before the value and what ends the line; None for what is no name."""
        name = self._name(stat)
        if not name:
            return None
        if not tags and not self._constant:
            return name, ""
        key = (stat, tags)
        if key not in self._heads:
            if len(self._heads) >= _MAX_HEADS:
                self._heads.clear()
            self._heads[key] = self._with_tags(name, self._clean_tags(tags))
        return self._heads[key]

    def _clean_tags(self, tags: Tags) -> list[tuple[str, str]]:
        merged = dict(self._constant)
        merged.update(tags)
        pairs = ((clean(key), clean(value)[:_MAX_SET_MEMBER]) for key, value in merged.items())
        return [(key, self._bounded(key, value)) for key, value in pairs if key and value]

    def _with_tags(self, name: str, pairs: list[tuple[str, str]]) -> tuple[str, str]:
        if not pairs:
            return name, ""
        if self.style == "datadog":
            return name, "|#" + ",".join(f"{key}:{value}" for key, value in pairs)
        if self.style is None:
            return ".".join([name, *(f"{key}.{_flat(value)}" for key, value in pairs)]), ""
        mark = "," if self.style == "influxdb" else ";"
        return mark.join([name, *(f"{key}={value}" for key, value in pairs)]), ""

    def gauge(self, head: tuple[str, str], value: Any) -> str:
        """Write a gauge. A negative one is set to 0 first, as a sign would make it a step elsewhere."""
        name, end = head
        line = f"{name}:{number(value)}|g{end}"
        if value < 0 and self.style != "datadog":
            return f"{name}:0|g{end}{TOGETHER}{line}"
        return line

    def timer_lines(
        self, head: tuple[str, str], values: list[float], rate: float, room: int
    ) -> Iterator[str]:
        """Write a timer's values: one a line or, with `multi`, as many as fit into `room` bytes."""
        name, end = head
        form, sampled = _time_format(values), rate_suffix(rate)
        if not self.multi:
            # One formatting of all values is many times faster than one for each.
            yield "\n".join([f"{name}:{form}|ms{sampled}{end}"] * len(values)) % tuple(values)
            return
        numbers = (" ".join([form] * len(values)) % tuple(values)).split()
        if self.style == "datadog":
            yield from _joined(name, numbers, f"|ms{sampled}{end}", room)
        else:
            yield from _joined(name, (f"{each}|ms{sampled}" for each in numbers), end, room)


def _time_format(values: list[float]) -> str:
    """Return how to write milliseconds: six digits, or whole microseconds where that needs an exponent."""
    return "%.6g" if min(values) >= 1e-4 and max(values) < 999_999 else "%.3f"


def _flat(value: str) -> str:
    return value.replace(".", "_")


def _joined(name: str, values: Iterable[str], end: str, room: int) -> Iterator[str]:
    """Join values with colons into lines of at most `room` bytes."""
    line = name
    for value in values:
        if len(line) + 1 + len(value) + len(end) > room and line != name:
            yield line + end
            line = name
        line = f"{line}:{value}"
    if line != name:
        yield line + end


def number(value: float | Decimal) -> str:
    """Write a number without an exponent, and with no more than six decimals."""
    if isinstance(value, int):
        return str(int(value))  # int(): True is a number here, not a word
    text = f"{value:.6f}"
    return text.rstrip("0").rstrip(".")


def rate_suffix(rate: float) -> str:
    """Return ``|@rate`` for what was sampled, else nothing."""
    text = f"{max(rate, 1e-6):.6f}".rstrip("0")
    return "" if rate >= 1 or text == "1." else f"|@{text}"


def is_number(value: Any) -> bool:
    """Whether this can be sent as a value: a finite number of less than 10**15."""
    try:
        return bool(math.isfinite(value) and -_MAX_NUMBER < value < _MAX_NUMBER)
    except Exception:  # the host's own number, whose operators may raise anything
        return False


def member(value: object) -> str:
    """Write a set's member so that it cannot end the line."""
    return clean(str(value)[:_MAX_SET_MEMBER])
