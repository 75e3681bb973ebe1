"""What the store knows: which stats there are, and what each was over time.

    from django_metrics_statsd.monitoring.stats import reading

    reading.names("view index")
    reading.series("view.shop.views.index.GET", start, end, figure="p95").points
    reading.top("view.", start, end, by="p95")

Times are aware datetimes. A stat that nobody knows has empty series; what a database raises is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from time import time
from typing import Final

from django.db.models import Q

from django_metrics_statsd.monitoring.stats import spans
from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.fetching import Points, fetch
from django_metrics_statsd.monitoring.stats.figures import DEFAULT_FIGURE, FIGURES, Summary
from django_metrics_statsd.monitoring.stats.models import StatName
from django_metrics_statsd.monitoring.stats.naming import id_of
from django_metrics_statsd.monitoring.stats.patterns import containing as having
from django_metrics_statsd.monitoring.stats.patterns import matcher, narrowed
from django_metrics_statsd.monitoring.stats.points import KINDS, LETTERS, AnyPoint
from django_metrics_statsd.monitoring.stats.series import Grid, Point, Series, made

__all__ = [
    "DEFAULT_FIGURE", "FIGURES", "Point", "Row", "Series", "Stat", "Summary", "find", "many", "merged",
    "names", "series", "summary", "top",
]  # fmt: skip

#: Which kind is meant by a name that several have.
_ORDER: Final = list(LETTERS)


@dataclass(frozen=True)
class Stat:
    """A stat that the store knows: its name, its kind, and the day on which it was seen last, or nearly."""

    name: str
    kind: str
    seen: date
    id: int


@dataclass(frozen=True)
class Row:
    """One of `top`: a stat, the figure that it is there for, and all that is known of it."""

    name: str
    kind: str
    value: float
    summary: Summary


def names(containing: str = "", limit: int = 50, kind: str | None = None) -> list[Stat]:
    """Return stats with all of these words in their names, in any case of letters, sorted by name.

    Args:
        containing: words, or parts of them, with white space between.
        limit: how many at most.
        kind: ``"counter"``, ``"timer"``, ``"gauge"`` or ``"set"``; None for all.
    """
    return _stats(having(containing), kind, limit)


def find(name: str, kind: str | None = None) -> Stat | None:
    """Return the stat of this name. Of several, a timer comes before a counter, gauge and set."""
    return next(iter(_known([name], kind)), None)


def series(
    name: str,
    start: datetime,
    end: datetime,
    step: int | None = None,
    figure: str | None = None,
    kind: str | None = None,
    edges: Sequence[datetime] | None = None,
) -> Series:
    """Return what a stat was over time.

    Args:
        name: the whole name.
        start, end: the range; it is widened to whole steps.
        step: seconds from point to point; None for what suits the range. It is made larger where so much
            detail is not kept any more; `Series.step` says what it is.
        figure: which figure the points' `value` is; None for the kind's own, see `DEFAULT_FIGURE`.
        edges: the borders of the points, in order, instead of a step: midnights somewhere, say.
    """
    return many([name], start, end, step, figure, kind, edges)[name]


def many(
    names: Iterable[str],
    start: datetime,
    end: datetime,
    step: int | None = None,
    figure: str | None = None,
    kind: str | None = None,
    edges: Sequence[datetime] | None = None,
) -> dict[str, Series]:
    """Return the series of several stats, read at once; the arguments are those of `series`."""
    wanted = list(dict.fromkeys(names))
    known: dict[str, Stat] = {}
    for stat in _known(wanted, kind):
        known.setdefault(stat.name, stat)
    grid = _grid(start, end, step, edges)
    points = _read(known.values(), grid)
    return {name: _made(name, known.get(name), kind, figure, grid, points) for name in wanted}


def _made(
    name: str, stat: Stat | None, kind: str | None, figure: str | None, grid: Grid, points: Points
) -> Series:
    if stat is None:
        return made(name, kind, figure, grid, {})
    return made(name, stat.kind, figure, grid, points.get(stat.id, {}), [stat.id])


def merged(
    names: Iterable[str],
    start: datetime,
    end: datetime,
    step: int | None = None,
    figure: str | None = None,
    kind: str | None = None,
    edges: Sequence[datetime] | None = None,
    name: str = "",
) -> Series:
    """Return the series of several stats of one kind taken together, as if they had been one."""
    stats = _known(list(dict.fromkeys(names)), kind)
    kind = stats[0].kind if stats else kind
    grid = _grid(start, end, step, edges)
    alike = [stat for stat in stats if stat.kind == kind]
    points = _read(alike, grid)
    total: dict[int, AnyPoint] = {}
    for each in points.values():
        for span, point in each.items():
            if span in total:
                total[span].merge(point)  # type: ignore[arg-type] # they are of one kind
            else:
                total[span] = point
    return made(name, kind, figure, grid, total, [stat.id for stat in alike])


def summary(name: str, start: datetime, end: datetime, kind: str | None = None) -> Summary | None:
    """Return what a stat was in a range as a whole; None if it was not.

    The range is taken by whole minutes if it is longer than half an hour, and as long ago as only hours are
    kept, by whole hours.
    """
    edges = [spans.moment(edge) for edge in _whole(start, end).edges]
    return many([name], start, end, None, None, kind, edges)[name].points[0].summary


def top(
    pattern: str,
    start: datetime,
    end: datetime,
    by: str | None = None,
    limit: int = 10,
    kind: str | None = None,
    at_least: float = 1,
    leave_out: str | None = None,
) -> list[Row]:
    """Return the stats with the highest figures in a range, the highest first.

    Args:
        pattern: how their names begin or, with stars for anything, what they are: ``"view.*.GET"``.
        by: the figure; None for the kind's own.
        limit: how many at most.
        kind: of stats of this kind; None for those that have that figure.
        at_least: of stats that were counted, timed or set so many times.
        leave_out: a pattern of names that are not meant.
    """
    matches, unwanted = matcher(pattern), matcher(leave_out) if leave_out else None
    stats = [
        stat
        for stat in _stats(narrowed(pattern), kind, None)
        if matches(stat.name)
        and not (unwanted and unwanted(stat.name))
        and (by is None or by in FIGURES[stat.kind])
    ]
    grid = _whole(start, end)
    points = _read(stats, grid)
    rows = []
    for stat in stats:
        whole = _made(stat.name, stat, None, by, grid, points).points[0]
        if whole.summary is not None and whole.value is not None and (whole.summary.count or 0) >= at_least:
            rows.append(Row(stat.name, stat.kind, whole.value, whole.summary))
    return sorted(rows, key=lambda row: (-row.value, row.name))[:limit]


def _grid(start: datetime, end: datetime, step: int | None, edges: Sequence[datetime] | None) -> Grid:
    now = time()
    if edges is not None:
        return Grid([spans.seconds(edge) for edge in edges], 0, now)
    first, last = spans.seconds(start), spans.seconds(end)
    length = spans.step_for(first, last, now, step)
    # The first step may begin where so much detail is not kept any more.
    while (longer := spans.step_for(first // length * length, last, now, length)) != length:
        length = longer
    return Grid(spans.borders(first, last, length), length, now)


def _whole(start: datetime, end: datetime) -> Grid:
    """Return the grid of one span."""
    first, last = spans.seconds(start), spans.seconds(end)
    return Grid([first, max(last, first + 1)], 0, time())


def _read(stats: Iterable[Stat], grid: Grid) -> Points:
    return fetch([stat.id for stat in stats], grid.edges, grid.now)


def _stats(which: Q, kind: str | None, limit: int | None) -> list[Stat]:
    found = StatName.objects.using(conf.MONITORING_STATS_DATABASE).filter(which)
    if kind is not None:
        found = found.filter(kind=LETTERS.get(kind, ""))
    rows = found.order_by("name", "kind").values_list("name", "kind", "seen", "id")[:limit]
    return [Stat(name, KINDS[letter], seen, number) for name, letter, seen, number in rows]


def _known(wanted: Sequence[str], kind: str | None) -> list[Stat]:
    """Return the stats of these names that there are, in the order in which names and kinds are meant."""
    letters = [LETTERS[kind]] if kind in LETTERS else [] if kind else list(KINDS)
    numbers = [id_of(letter, name) for name in wanted for letter in letters]
    found: list[Stat] = []
    for start in range(0, len(numbers), 500):
        found += _stats(Q(pk__in=numbers[start : start + 500]), None, None)
    place = {name: at for at, name in enumerate(wanted)}
    return sorted(found, key=lambda stat: (place.get(stat.name, 0), _ORDER.index(stat.kind)))
