"""The series of a chart as they are drawn: paths, and the numbers that the crosshair reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django_metrics_statsd.monitoring.charts.cleaning import Track, usable_step
from django_metrics_statsd.monitoring.charts.data import Chart, Kind, Series
from django_metrics_statsd.monitoring.charts.paths import Box, area, bars, dots, line
from django_metrics_statsd.monitoring.charts.stacking import Layer, flat, stack
from django_metrics_statsd.monitoring.charts.thinning import BUCKETS, broken, thin

#: More than these are too thin to be told apart.
MOST_BARS = 200
#: How many colours there are.
COLOURS = 8
_FILLED = 0.84  # of a step, so that there is ground between two bars


@dataclass(frozen=True, slots=True)
class Shape:
    """What the template needs of a series; paths may be empty."""

    series: Series
    colour: str
    line: str
    dots: str
    fill: str
    times: str
    values: str


def kind_of(chart: Chart, tracks: Sequence[Track]) -> Kind:
    """Return how a chart is drawn: bars only where there is room for them."""
    if chart.kind == "bars" and len({time for track in tracks for time in track.times}) > MOST_BARS:
        return "area"
    return chart.kind


def layers(chart: Chart, kind: Kind, tracks: Sequence[Track], start: float, end: float) -> list[Layer]:
    """Return a layer for each series, thinned; what is compared stands on zero, unstacked.

    Args:
        chart: whose series they are.
        kind: what `kind_of` says.
        tracks: whole ones, in the order of the series.
        start: of the time axis, epoch seconds.
        end: of the time axis.
    """
    if not chart.stacked or kind == "line":
        return [flat(_thinned(track, chart.step, start, end)) for track in tracks]
    mains = [track for each, track in zip(chart.series, tracks, strict=True) if not each.compare]
    stacked = iter(stack(mains, start, end) if mains else [])
    return [
        flat(_thinned(track, chart.step, start, end)) if each.compare else next(stacked)
        for each, track in zip(chart.series, tracks, strict=True)
    ]


def _thinned(track: Track, step: float | None, start: float, end: float) -> Track:
    thinned = thin(track, start, end)
    step = usable_step(step)
    if step is None:
        return thinned
    bucket = (end - start) / BUCKETS if thinned is not track else 0.0
    return broken(thinned, 2.001 * max(step, bucket))


def shapes(chart: Chart, kind: Kind, drawn: Sequence[Layer], place: Box, start: float) -> Iterator[Shape]:
    """Yield the shapes, in the order of the series.

    Args:
        chart: whose series they are.
        kind: what `kind_of` says.
        drawn: what `layers` says.
        place: where points are.
        start: epoch seconds from which the crosshair counts.
    """
    mains = sum(not each.compare for each in chart.series)
    widths = _bar_places(drawn, mains, chart.stacked, chart.step, place) if kind == "bars" else []
    before: list[float] = []
    shown = iter(range(mains))
    past = iter(range(len(chart.series)))
    for each, layer in zip(chart.series, drawn, strict=True):
        number = next(past) if each.compare else next(shown)
        bar = widths[number] if widths and not each.compare else None
        track = layer.track
        times = "" if track.times == before and None not in track.values else _times(track, start)
        before = track.times if None not in track.values else []
        paths = _paths(each, kind, layer, place, bar)
        yield Shape(each, f"s{number % COLOURS + 1}", *paths, times, _values(track))


def _paths(
    series: Series, kind: Kind, layer: Layer, place: Box, bar: tuple[float, float] | None
) -> tuple[str, str, str]:
    if kind == "line" or series.compare:
        return line(layer.track, place), dots(layer.track, place), ""
    if bar is not None:
        return "", "", _bars(layer, bar, place)
    pairs = zip(layer.track.values, layer.highs, strict=True)
    tops = Track(layer.track.times, [None if value is None else high for value, high in pairs])
    return line(tops, place), dots(tops, place), area(layer.track, layer.lows, layer.highs, place)


def _bars(layer: Layer, bar: tuple[float, float], place: Box) -> str:
    since, until = bar
    at = [index for index, value in enumerate(layer.track.values) if value is not None]
    times = [(layer.track.times[index] + since, layer.track.times[index] + until) for index in at]
    return bars(times, [(layer.lows[index], layer.highs[index]) for index in at], place)


def _bar_places(
    drawn: Sequence[Layer], mains: int, stacked: bool, step: float | None, place: Box
) -> list[tuple[float, float]]:
    """Return for each series from when to when its bars are, in seconds after their time."""
    whole = usable_step(step) or guessed_step([layer.track for layer in drawn], place)
    first, width = whole * (1 - _FILLED) / 2, whole * _FILLED
    if stacked or mains < 2:
        return [(first, first + width)] * mains
    return [(first + width * at / mains, first + width * (at + 1) / mains) for at in range(mains)]


def guessed_step(tracks: Sequence[Track], place: Box) -> float:
    """Return how many seconds the closest points of any track are apart; a tenth of the chart for one."""
    apart = [two - one for track in tracks for one, two in pairwise(track.times) if two > one]
    return min(apart, default=1000 / place.across)


def _times(track: Track, start: float) -> str:
    known = zip(track.times, track.values, strict=True)
    return " ".join([f"{time - start:.9g}" for time, value in known if value is not None])


def _values(track: Track) -> str:
    known = track.finite()
    # The readout has four digits, or all those before the point.
    large = max(map(abs, known), default=0.0) >= 1e5
    return " ".join([f"{value:.10g}" for value in known] if large else [f"{value:.6g}" for value in known])
