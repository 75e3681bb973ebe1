"""Series on top of each other: on one grid of times, each from where those below it end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django_metrics_statsd.monitoring.charts.cleaning import HUGE, Track
from django_metrics_statsd.monitoring.charts.thinning import BUCKETS


@dataclass(frozen=True, slots=True)
class Layer:
    """A series in a stack: its own values, and from where to where it is drawn."""

    track: Track
    lows: list[float]
    highs: list[float]


def flat(track: Track) -> Layer:
    """Return a series that stands on zero alone."""
    highs = [value or 0.0 for value in track.values] if None in track.values else track.finite()
    return Layer(track, [0.0] * len(track.times), highs)


def stack(tracks: Sequence[Track], start: float, end: float) -> list[Layer]:
    """Return a layer for each track, the first at the bottom; a gap adds nothing to those above it.

    What is below zero is stacked downwards, apart from the rest.

    Args:
        tracks: whole ones.
        start: of the time axis, epoch seconds.
        end: of the time axis.
    """
    ups: list[float] = []
    downs: list[float] = []
    layers = []
    for track in on_one_grid(tracks, start, end):
        ups, downs = ups or [0.0] * len(track.times), downs or [0.0] * len(track.times)
        layer = _layer(track, ups, downs)
        layers.append(layer)
        for at, value in enumerate(track.values):
            (downs if (value or 0.0) < 0 else ups)[at] = layer.highs[at]
    return layers


def _layer(track: Track, ups: list[float], downs: list[float]) -> Layer:
    values = [value or 0.0 for value in track.values]
    lows = [down if value < 0 else up for value, up, down in zip(values, ups, downs, strict=True)]
    sums = [low + value for low, value in zip(lows, values, strict=True)]
    return Layer(track, lows, [min(max(each, -HUGE), HUGE) for each in sums])


def on_one_grid(tracks: Sequence[Track], start: float, end: float, most: int = 2 * BUCKETS) -> list[Track]:
    """Return the tracks at the same times: all of theirs, or those of `most` buckets, which have means."""
    if all(track.times == tracks[0].times for track in tracks) and len(tracks[0].times) <= most:
        return list(tracks)
    times = sorted({time for track in tracks for time in track.times})
    if len(times) > most:
        return [_means(track, start, end, most) for track in tracks]
    found = [dict(zip(track.times, track.values, strict=True)) for track in tracks]
    return [Track(times, [known.get(time) for time in times]) for known in found]


def _means(track: Track, start: float, end: float, buckets: int) -> Track:
    width = (end - start) / buckets
    borders = [start + at * width for at in range(buckets)]
    edges = [*(bisect_left(track.times, border) for border in borders), len(track.times)]
    values = [_mean(track.values[first:after]) for first, after in pairwise(edges)]
    return Track(borders, values)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(value / len(known) for value in known) if known else None
