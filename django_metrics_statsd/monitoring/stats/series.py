"""A stat over time: points, each with the figure that was asked for and all that is known besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django_metrics_statsd.monitoring.stats import fetching, spans
from django_metrics_statsd.monitoring.stats.figures import DEFAULT_FIGURE, ZERO_WITHOUT, Summary, unit
from django_metrics_statsd.monitoring.stats.points import GAUGE, AnyPoint, GaugePoint
from django_metrics_statsd.monitoring.stats.rolling import HOUR, MINUTE


@dataclass(frozen=True)
class Point:
    """A stat from `start` to `end`.

    Attributes:
        value: the figure; None where there is none. What counts is 0 where nothing was counted.
        summary: all figures; None where nothing is known.
        partial: whether something may still be missing, as the time is not over or only just.
    """

    start: datetime
    end: datetime
    value: float | None
    summary: Summary | None
    partial: bool


@dataclass(frozen=True)
class Series:
    """A stat over time.

    Attributes:
        kind: ``"counter"``, ``"timer"``, ``"gauge"`` or ``"set"``; ``""`` if there is no such stat.
        figure: which figure the points' values are.
        unit: ``"ms"``, ``"/s"`` or none.
        step: seconds from point to point; 0 where the borders were given.
    """

    name: str
    kind: str
    figure: str
    unit: str
    step: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Grid:
    """The spans of a series, as borders in Unix seconds; and now."""

    edges: Sequence[int]
    step: int
    now: float

    def spans(self) -> Iterator[tuple[int, int, float]]:
        """Yield the start of each span, its end, and its length so far."""
        for start, end in zip(self.edges, self.edges[1:], strict=False):
            yield start, end, max(1.0, min(end, self.now) - start)


def made(
    name: str,
    kind: str | None,
    figure: str | None,
    grid: Grid,
    found: Mapping[int, AnyPoint],
    ids: Sequence[int] = (),
) -> Series:
    """Return the series of what was found, ``{number of the span: point}``, of the stats with these ids."""
    kind = kind or ""
    figure = figure or DEFAULT_FIGURE.get(kind, "")
    summaries = {
        number: Summary(found[number], length)
        for number, (_, _, length) in enumerate(grid.spans())
        if number in found
    }
    if kind == GAUGE:
        summaries = dict(_levels(ids, grid, summaries))
    points = tuple(
        _point(kind, figure, grid.now, start, end, summaries.get(number))
        for number, (start, end, _) in enumerate(grid.spans())
    )
    return Series(name, kind, figure, unit(kind, figure), grid.step, points)


def _point(kind: str, figure: str, now: float, start: int, end: int, summary: Summary | None) -> Point:
    empty = 0.0 if figure in ZERO_WITHOUT.get(kind, ()) and start < now else None
    value = empty if summary is None else summary.get(figure)
    partial = end + spans.lag() > now
    return Point(spans.moment(start), spans.moment(end), value, summary, partial)


def _levels(
    ids: Sequence[int], grid: Grid, summaries: Mapping[int, Summary]
) -> Iterator[tuple[int, Summary]]:
    """Give those spans of a gauge, in which it was only changed by steps, the level that it had before."""
    before: float | None = None
    for number, summary in sorted(summaries.items()):
        point = summary.point
        if isinstance(point, GaugePoint) and point.last is None:
            if before is None:
                before = _level_at(ids, grid)
            summary = replace(summary, base=before)  # noqa: PLW2901
        before = summary.get("last")
        yield number, summary


def _level_at(ids: Sequence[int], grid: Grid) -> float:
    """Return what a gauge was before a series begins: what it was set to last, and all steps since.

    It is read up to the moment at which the series begins to be read: hours first, then minutes, then
    windows, as the row of an hour would bring with it what comes after that moment.
    """
    fine = fetching.resolution(grid.edges, grid.now)
    end = max(1, -(-grid.edges[0] // fine) * fine)
    pieces = ((0, end // HOUR * HOUR, HOUR), (end // HOUR * HOUR, end // MINUTE * MINUTE, MINUTE))
    level = GaugePoint()
    for start, stop, step in (*pieces, (end // MINUTE * MINUTE, end, fine)):
        if start < stop:
            for found in fetching.fetch(ids, [start, stop], grid.now, max(step, fine)).values():
                for point in found.values():
                    if isinstance(point, GaugePoint):
                        level.merge(point)
    return (level.last or 0.0) + level.steps
