"""From what callers have to sorted, finite numbers: a `Track`."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from math import inf, isfinite, isnan, nan
from operator import le
from typing import Any

from django_metrics_statsd.monitoring.charts.data import Point, Time

#: Numbers beyond are drawn as this, so that no sum or difference of two becomes infinite.
HUGE = 1e300
#: Epoch seconds of the years 2 and 9998: what a datetime in any zone can hold.
EARLIEST, LATEST = -62_100_000_000.0, 253_370_000_000.0


@dataclass(frozen=True, slots=True)
class Track:
    """Times in epoch seconds, in order, and the values at them, where None is a gap."""

    times: list[float]
    values: list[float | None]

    def finite(self) -> list[float]:
        """Return the values without the gaps."""
        if None in self.values:
            return [value for value in self.values if value is not None]
        return self.values  # type: ignore[return-value]  # no None is in it

    def last(self) -> float | None:
        """Return the latest value that is none of the gaps."""
        return next((value for value in reversed(self.values) if value is not None), None)


def moment(time: Time, tz: tzinfo) -> float:
    """Return epoch seconds between `EARLIEST` and `LATEST`; NaN where it is no time."""
    try:
        seconds = _seconds(time, tz)
    except (TypeError, ValueError, OverflowError):
        return nan
    return nan if isnan(seconds) else min(max(seconds, EARLIEST), LATEST)


def _seconds(time: Any, tz: tzinfo) -> float:
    if not isinstance(time, datetime):
        return float(time)
    return (time if time.tzinfo else time.replace(tzinfo=tz)).timestamp()


def span(start: Time, end: Time, tz: tzinfo) -> tuple[float, float]:
    """Return where the time axis begins and ends, at least a second apart and in this order."""
    first, last = moment(start, tz), moment(end, tz)
    if isnan(first):
        first = 0.0 if isnan(last) else last
    if not last > first:
        last = first + 1
    return min(first, LATEST - 1), last


def usable_step(step: float | None) -> float | None:
    """Return a step that can be one, in seconds, or None."""
    return min(step, LATEST) if step is not None and isfinite(step) and step > 0 else None


def clean(points: Iterable[Point], start: float, end: float, tz: tzinfo) -> Track:
    """Return the points of a span in order, with gaps as None.

    Args:
        points: see `Series`.
        start: epoch seconds, included.
        end: epoch seconds, included.
        tz: the zone of naive datetimes.
    """
    pairs = list(points)
    if not pairs:
        return Track([], [])
    times = _times([time for time, _ in pairs], tz)
    values = _values([value for _, value in pairs])
    if not all(map(le, times, islice(times, 1, None))) or not isfinite(times[0]):
        times, values = _sorted(times, values)
    first, last = bisect_left(times, start), bisect_right(times, end)
    return Track(times[first:last], values[first:last])


def _times(raw: Sequence[Any], tz: tzinfo) -> list[float]:
    try:
        if isinstance(raw[0], datetime):
            return [time.timestamp() if time.tzinfo else _seconds(time, tz) for time in raw]
        return list(map(float, raw))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return [moment(time, tz) for time in raw]


def _values(raw: Sequence[Any]) -> list[float | None]:
    try:
        values = list(map(float, raw))
    except (TypeError, ValueError, OverflowError):
        values = [number(value) for value in raw]
    if all(map(isfinite, values)) and max(values) <= HUGE and min(values) >= -HUGE:
        return list[float | None](values)
    return [min(max(value, -HUGE), HUGE) if isfinite(value) else None for value in values]


def number(value: Any) -> float:
    """Return a float; NaN of what is none."""
    try:
        return float(value)
    except OverflowError:
        return inf
    except (TypeError, ValueError):
        return nan


def _sorted(times: list[float], values: list[float | None]) -> tuple[list[float], list[float | None]]:
    kept = [(time, value) for time, value in zip(times, values, strict=True) if isfinite(time)]
    kept.sort(key=lambda pair: pair[0])
    return [time for time, _ in kept], [value for _, value in kept]
