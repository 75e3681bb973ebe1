"""From points to the ``d`` of an SVG path (SVG 2, 9.3), in whole units of a box `WIDTH` by `HEIGHT`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django_metrics_statsd.monitoring.charts.cleaning import Track
from django_metrics_statsd.monitoring.charts.value_axis import ValueAxis

WIDTH, HEIGHT = 10_000, 3_000


@dataclass(frozen=True, slots=True)
class Box:
    """Places points: ``x = time * across + left`` and ``y = value * down + top``."""

    across: float
    left: float
    down: float
    top: float

    def x(self, time: float) -> int:
        """Return how far to the right a time is, inside the box."""
        return round(min(max(time * self.across + self.left, 0), WIDTH))

    def y(self, value: float) -> int:
        """Return how far down a value is, inside the box."""
        return round(min(max(value * self.down + self.top, 0), HEIGHT))


def box(start: float, end: float, axis: ValueAxis) -> Box:
    """Return the box of a span of time and a value axis."""
    across, down = WIDTH / (end - start), HEIGHT / (axis.low - axis.high)
    return Box(across, -start * across, down, -axis.high * down)


def line(track: Track, place: Box) -> str:
    """Return a line that is broken by the gaps; a point between two gaps is in `dots` instead."""
    found = (_points(times, values, place) for times, values in runs(track) if len(times) > 1)
    return "".join(f"M{' '.join(points)}" for points in found)


def dots(track: Track, place: Box) -> str:
    """Return the points between two gaps, as lines without length: round ends make them dots."""
    found = (_points(times, values, place) for times, values in runs(track) if len(times) == 1)
    return "".join(f"M{points[0]}h0" for points in found)


def area(track: Track, lows: Sequence[float], highs: Sequence[float], place: Box) -> str:
    """Return what is between `lows` and `highs`, with holes where the track has gaps."""
    parts = []
    for first, after in _bounds(track):
        times = track.times[first:after]
        above = _points(times, highs[first:after], place)
        under = _points(times[::-1], lows[first:after][::-1], place)
        parts.append(f"M{' '.join(above)} {' '.join(under)}Z")
    return "".join(parts)


def bars(times: Sequence[tuple[float, float]], heights: Sequence[tuple[float, float]], place: Box) -> str:
    """Return bars.

    Args:
        times: from when to when each one is.
        heights: from which value to which.
        place: the box.
    """
    parts = []
    for (since, until), (low, high) in zip(times, heights, strict=True):
        left, right = place.x(since), place.x(until)
        parts.append(f"M{left} {place.y(low)}V{place.y(high)}H{max(right, left + 1)}V{place.y(low)}Z")
    return "".join(parts)


def runs(track: Track) -> Iterator[tuple[list[float], list[float]]]:
    """Yield times and values from gap to gap."""
    if None not in track.values:
        if track.times:
            yield track.times, track.values  # type: ignore[misc]  # no None is in it
        return
    for first, after in _bounds(track):
        yield track.times[first:after], track.values[first:after]  # type: ignore[misc]  # nor here


def _bounds(track: Track) -> Iterator[tuple[int, int]]:
    first: int | None = None
    for at, value in enumerate(track.values):
        if value is None:
            if first is not None:
                yield first, at
            first = None
        elif first is None:
            first = at
    if first is not None:
        yield first, len(track.values)


def _points(times: Sequence[float], values: Sequence[float], place: Box) -> list[str]:
    across, left, down, top = place.across, place.left + 0.5, place.down, place.top + 0.5
    return [
        f"{int(time * across + left)} {int(value * down + top)}"
        for time, value in zip(times, values, strict=True)
    ]
