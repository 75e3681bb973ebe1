"""Deletes what is too old, in batches, each a transaction of its own; and stats by name, on request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.models import Chunk, StatName, StoredWindow
from django_metrics_statsd.monitoring.stats.rolling import DAY, HOUR

ROWS: Final = 500


def prune(alias: str, now: float) -> Iterator[str]:
    """Delete what is older than the settings say; yield after each batch what went, for people.

    What was not rolled up yet is kept, however old.
    """
    yield from _delete(_old_windows(alias, now), "windows")
    yield from _delete(_old_hours(alias, now), "hours")
    if conf.MONITORING_STATS_HOUR_DAYS:
        yield from _delete(_old_days(alias, now), "days")
        yield from _delete(_old_names(alias, now), "names")


def _old_windows(alias: str, now: float) -> QuerySet[Any]:
    before = now - conf.MONITORING_STATS_WINDOW_HOURS * HOUR
    return StoredWindow.objects.using(alias).filter(rolled=True, start__lt=int(before))


def _old_hours(alias: str, now: float) -> QuerySet[Any]:
    before = now - conf.MONITORING_STATS_MINUTE_DAYS * DAY - HOUR  # by its end
    return Chunk.objects.using(alias).filter(span=HOUR, rolled=True, start__lt=int(before))


def _old_days(alias: str, now: float) -> QuerySet[Any]:
    before = now - conf.MONITORING_STATS_HOUR_DAYS * DAY - DAY  # by its end
    return Chunk.objects.using(alias).filter(span=DAY, rolled=False, start__lt=int(before))


def _old_names(alias: str, now: float) -> QuerySet[Any]:
    days = timedelta(days=conf.MONITORING_STATS_HOUR_DAYS + 2)
    before = datetime.fromtimestamp(now, UTC).date() - days
    return StatName.objects.using(alias).filter(seen__lt=before)


def forget(alias: str, stats: Sequence[int]) -> Iterator[str]:
    """Delete stats: their names and all of their hours and days. What is younger than an hour may stay."""
    for start in range(0, len(stats), ROWS):
        some = stats[start : start + ROWS]
        yield from _delete(Chunk.objects.using(alias).filter(stat__in=some), "chunks")
        yield from _delete(StatName.objects.using(alias).filter(pk__in=some), "names")


def _delete(old: QuerySet[Any], what: str) -> Iterator[str]:
    while keys := list(old.values_list("pk", flat=True)[:ROWS]):
        old.model._default_manager.using(old.db).filter(pk__in=keys)._raw_delete(old.db)
        yield f"{len(keys)} {what} deleted"
