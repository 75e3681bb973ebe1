"""Makes the rollups of a monitor anew from the rows of its own table, a day at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise
from time import time
from typing import Any

from django.db import router, transaction

from django_metrics_statsd.monitoring.conf import home_zone
from django_metrics_statsd.monitoring.rollups import upsert
from django_metrics_statsd.monitoring.rollups.buckets import DAY, edges
from django_metrics_statsd.monitoring.rollups.pruning import retention_of
from django_metrics_statsd.monitoring.rollups.reading import aware, in_database, samples
from django_metrics_statsd.monitoring.rollups.writing import add_to_rollups, bounded

#: How many rows are looked at at a time.
_ROWS = 10_000


def rebuild(model: Any, since: datetime | None = None) -> Iterator[tuple[datetime, int]]:
    """Make a monitor's rollups anew from its rows, the oldest day first, each day in a transaction.

    What rollups know of days without rows stays; of days with rows, the rows are the truth. Days of which
    ``retention`` has deleted rows, or may have, are left as they are.

    Args:
        model: a monitor's, which keeps rows and rollups.
        since: not what is older than this.

    Yields:
        The beginning of each day, and how many rows it has.
    """
    rows = model._base_manager.using(router.db_for_write(model)).order_by("datetime_created")
    if since is not None:
        rows = rows.filter(datetime_created__gte=since)
    first, last = rows.first(), rows.last()
    if first is None:
        return
    zone = home_zone()
    start, end = (int(aware(row.datetime_created).timestamp()) for row in (first, last))
    days = [*edges(start, end + 1, "day", zone)]
    days.append(edges(days[-1], days[-1] + 30 * 3_600, "day", zone)[1])
    whole = _whole_since(model)
    for begin, after in pairwise(days):
        if begin < whole:
            continue
        count = _rebuild_day(model, begin, after)
        if count:
            yield datetime.fromtimestamp(begin, zone), count


def _whole_since(model: Any) -> float:
    """Return since when a model's rows are all there, in seconds since 1970."""
    days = retention_of(model)["rows"]
    return time() - days * DAY if days else 0.0


def _rebuild_day(model: Any, begin: int, after: int) -> int:
    from django_metrics_statsd.monitoring.tables import Rollup

    alias = router.db_for_write(Rollup)
    of_day = model._base_manager.using(router.db_for_write(model)).filter(
        datetime_created__gte=in_database(begin), datetime_created__lt=in_database(after)
    )
    if not of_day.exists():
        return 0
    with transaction.atomic(using=alias):
        upsert.lock_out(alias)
        old = Rollup._default_manager.using(alias).filter(
            series__monitor=model._meta.label_lower, start__gte=begin, start__lt=after
        )
        old.delete()
        count, found = 0, iter(samples(model, of_day))
        while some := list(islice(found, _ROWS)):
            add_to_rollups(model, bounded(model, some))
            count += len(some)
    return count


def days_ago(days: int) -> datetime:
    """Return the moment so many days before now, as databases have it."""
    return in_database((datetime.now(home_zone()) - timedelta(days=days)).timestamp())
