"""Reads what was added: the points of each series per minute, hour, day, week or month, in any time zone.

A step is read from the coarsest rollups that fit it: days where they begin at the same moments as those asked
for, else hours, else minutes. So a year of days is some hundred rows, however much was added.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.db import router
from django.utils import timezone

from django_metrics_statsd.monitoring.conf import home_zone
from django_metrics_statsd.monitoring.rollups.buckets import DAY, HOUR, MINUTE, SECONDS, edges
from django_metrics_statsd.monitoring.rollups.points import Point, Sample
from django_metrics_statsd.monitoring.rollups.spread import Spread

_COLUMNS = ("series__name", "start", "count", "total", "whole", "low", "high", "last", "last_at")
#: How many rows of a model without rollups are looked at, the newest.
ROWS = 200_000


@dataclass
class Reading:
    """What was read.

    Attributes:
        starts: the beginnings of the buckets, in seconds since 1970.
        series: for each series, its points by the index of their bucket.
        complete: whether all rows were looked at; of a model with rollups they always are.
    """

    starts: list[int]
    series: dict[str, dict[int, Point]] = field(default_factory=dict)
    complete: bool = True


def read(
    model: Any,
    start: int,
    end: int,
    step: str,
    zone: tzinfo,
    *,
    spread: bool = False,
    series: str | None = None,
) -> Reading:
    """Return what was added to a model's series from `start` up to `end`, per `step`.

    Args:
        model: a monitor's.
        start: seconds since 1970; the bucket that it is in is read whole.
        end: seconds since 1970.
        step: a word of `buckets.SECONDS`.
        zone: where days and hours begin.
        spread: whether percentiles are wanted.
        series: only this one.

    Raises:
        django.db.Error: the database cannot be read.
    """
    found = Reading(edges(start, end, step, zone))
    if not found.starts:
        return found
    span = found.starts[0], end
    if model.keep_rollups:
        parts = _rollups(model, span, resolution_for(step, zone, span), spread=spread, series=series)
    else:
        parts = _rows(model, span, found, spread=spread, series=series)
    gathered: dict[str, dict[int, Point]] = defaultdict(dict)
    for name, moment, point in parts:
        index = bisect_right(found.starts, moment) - 1
        there = gathered[name].get(index)
        if there is None:
            gathered[name][index] = point
        else:
            there.merge(point)
    found.series = dict(sorted(gathered.items()))
    return found


def resolution_for(step: str, zone: tzinfo, span: Sequence[int]) -> int:
    """Return the seconds of the coarsest rollups that buckets of this step are made of."""
    home = home_zone()
    if SECONDS[step] >= DAY and str(zone) == str(home):
        return DAY
    if SECONDS[step] >= HOUR:
        # More than the ends, as there are clocks that change by half an hour.
        moments = [*range(span[0], span[1], 30 * DAY), span[1]]
        aligned = all((_offset(moment, zone) - _offset(moment, home)) % HOUR == 0 for moment in moments)
        return HOUR if aligned else MINUTE
    return MINUTE


def _offset(moment: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


Part = tuple[str, int, Point]


def _rollups(
    model: Any, span: tuple[int, int], resolution: int, *, spread: bool, series: str | None
) -> Iterator[Part]:
    from django_metrics_statsd.monitoring.tables import Rollup, key_of

    rows = Rollup._default_manager.filter(
        series__monitor=model._meta.label_lower, resolution=resolution, start__gte=span[0], start__lt=span[1]
    )
    if series is not None:
        rows = rows.filter(series__key=key_of(model._meta.label_lower, series))
    columns = (*_COLUMNS, "sketch") if spread else _COLUMNS
    for name, start, count, total, whole, low, high, last, last_at, *sketch in rows.values_list(*columns):
        some = Spread.unpack(sketch[0]) if sketch and sketch[0] is not None else None
        yield name, start, Point(count, total, whole, low, high, last, last_at, some)


def _rows(
    model: Any, span: tuple[int, int], reading: Reading, *, spread: bool, series: str | None
) -> Iterator[Part]:
    """Yield a point per row of the model's own table, the newest `ROWS` of them."""
    moments = [in_database(moment) for moment in span]
    rows = model._base_manager.using(router.db_for_read(model)).filter(
        datetime_created__gte=moments[0], datetime_created__lt=moments[1]
    )
    if series is not None:
        rows = rows.filter(series=series)
    newest = rows.order_by("-datetime_created")[: ROWS + 1]
    for seen, sample in enumerate(samples(model, newest)):
        if seen >= ROWS:
            reading.complete = False
            return
        point = Point(spread=Spread() if spread else None)
        point.take(sample)
        if point.spread is not None:
            point.spread.add((sample.value,))
        yield sample.series, int(sample.at), point


def samples(model: Any, rows: Any) -> Iterable[Sample]:
    """Yield the samples that rows of a model were made of."""
    fields = ("datetime_created", "series", *model.row_fields())
    for moment, *values in rows.values_list(*fields).iterator(chunk_size=2_000):
        yield model.to_sample(aware(moment).timestamp(), *values)


def aware(moment: datetime) -> datetime:
    """Return a moment with its zone; a naive one, of ``USE_TZ = False``, is in ``TIME_ZONE``."""
    if timezone.is_naive(moment):
        return timezone.make_aware(moment, timezone.get_default_timezone())
    return moment


def in_database(moment: float) -> datetime:
    """Return a moment as the project's databases have it: aware, or naive with ``USE_TZ = False``."""
    from django_metrics_statsd.monitoring.conf import project_uses_zones

    found = datetime.fromtimestamp(moment, UTC)
    if project_uses_zones():
        return found
    return found.astimezone(timezone.get_default_timezone()).replace(tzinfo=None)
