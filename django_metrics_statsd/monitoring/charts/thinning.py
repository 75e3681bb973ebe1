"""Fewer points that look the same: the lowest and the highest of each of some hundred buckets."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise

from django_metrics_statsd.monitoring.charts.cleaning import Track

#: Two points each; a chart is seldom wider than this many pixels.
BUCKETS = 500


def thin(track: Track, start: float, end: float, buckets: int = BUCKETS) -> Track:
    """Return at most two points a bucket, and the latest: those that make the line's outline.

    A bucket in which there is no value but a gap stays a gap; one without any point is nothing.

    Args:
        track: of any length.
        start: where the first bucket begins, epoch seconds.
        end: where the last one ends.
        buckets: how many; a track of up to twice as many points is returned as it is.
    """
    if len(track.times) <= 2 * buckets:
        return track
    kept: list[int] = []
    for first, after in pairwise(edges(track, start, end, buckets)):
        if first < after:
            kept += _extremes(track.values, first, after)
    if kept[-1] != len(track.times) - 1:
        kept.append(len(track.times) - 1)
    return Track([track.times[at] for at in kept], [track.values[at] for at in kept])


def edges(track: Track, start: float, end: float, buckets: int) -> list[int]:
    """Return where in the track each bucket begins, and at last where the last one ends."""
    width = (end - start) / buckets
    inner = (bisect_left(track.times, start + at * width) for at in range(1, buckets))
    return [0, *inner, len(track.times)]


def _extremes(values: list[float | None], first: int, after: int) -> list[int]:
    part = values[first:after]
    known = [value for value in part if value is not None] if None in part else part
    if not known:
        return [first]
    low = first + part.index(min(known))  # type: ignore[type-var]  # no None is in it
    high = first + part.index(max(known))  # type: ignore[type-var]
    return [low] if low == high else sorted((low, high))


def broken(track: Track, longest: float) -> Track:
    """Return the track with a gap wherever two points are further apart than `longest`, in seconds."""
    holes = [at for at, (one, two) in enumerate(pairwise(track.times), 1) if two - one > longest]
    if not holes:
        return track
    times, values, done = [], [], 0
    for at in holes:
        times += [*track.times[done:at], track.times[at - 1]]
        values += [*track.values[done:at], None]
        done = at
    return Track(times + track.times[done:], values + track.values[done:])
