"""From a window to packets: lines of one dialect, packed whole into datagrams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django_metrics_statsd.clients.dialects import TOGETHER, Dialect, number, rate_suffix
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.names import Tags


def lines_of(window: Window, dialect: Dialect, size: int, drop: Callable[..., None]) -> Iterator[str]:
    """Yield a window's lines, one or several in each string.

    Args:
        window: what was gathered.
        dialect: how it is written.
        size: the largest line, in bytes.
        drop: called with a reason for each series that cannot be written.
    """

    def headed(series: dict[Any, Any]) -> Iterator[tuple[tuple[str, str], Any, float]]:
        for key, value in series.items():
            stat, rate, tags = _parts(key)
            head = dialect.head(stat, tags)
            if head is None:
                drop("name")
            else:
                yield head, value, rate

    for (name, end), value, rate in headed(window.counters):
        yield f"{name}:{number(value)}|c{rate_suffix(rate)}{end}"
    for head, value, _ in headed(window.gauges):
        yield dialect.gauge(head, value)
    for (name, end), value, _ in headed(window.steps):
        yield f"{name}:{'+' if value >= 0 else ''}{number(value)}|g{end}"
    for (name, end), members, _ in headed(window.sets):
        yield from (f"{name}:{item}|s{end}" for item in members)
    for head, values, rate in headed(_sampled(window)):
        yield from dialect.timer_lines(head, values, rate, size)


def _parts(key: Any) -> tuple[str, float, Tags]:
    return (key, 1, ()) if key.__class__ is str or isinstance(key, str) else key


def _sampled(window: Window) -> dict[Any, list[float]]:
    """Return the timers, with the rate of those that overflowed their reservoir put into their key."""
    if not window.sampled:
        return window.timers
    timers = dict(window.timers)
    for key, reservoir in window.sampled.items():
        stat, rate, tags = _parts(key)
        values = timers.pop(key)
        sampled = (stat, rate * len(values) / reservoir.seen, tags)
        timers[sampled] = [*timers.get(sampled, ()), *values]
    return timers


def pack(lines: Iterable[str], size: int, drop: Callable[..., None]) -> Iterator[bytes]:
    """Pack whole lines into packets of at most `size` bytes; a line longer than that is dropped."""
    text = "\n".join(lines)
    start, end = 0, len(text)
    while start < end:
        stop = end if end - start <= size else text.rfind("\n", start, start + size + 1)
        if stop < 0:  # no line's end within the size
            drop("too_long")
            stop = text.find("\n", start)
            start = end if stop < 0 else stop + 1
            continue
        yield text[start:stop].replace(TOGETHER, "\n").encode("ascii")
        start = stop + 1
