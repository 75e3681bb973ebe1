"""Deletes rows of hits, timings and events in batches, each a short transaction of its own.

What is too old is found through the index on the time; the order in which a database sorts UUIDs does not
matter. Rows are deleted by their keys: no signals, no cascades, for nothing refers to these tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from django_metrics_statsd.hits.committing import settle
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.models import Event, Hit, Stored, Timing

MODELS: tuple[type[Stored], ...] = (Hit, Timing, Event)
#: How many keys one statement names; SQLite takes 999 parameters at least.
_KEYS = 500


@dataclass(frozen=True)
class Rows:
    """The rows of one table in one of the project's databases."""

    model: type[Stored]
    alias: str

    def all(self) -> QuerySet[Any]:
        """Return them."""
        return self.model._default_manager.using(self.alias)

    def older_than(self, before: datetime) -> QuerySet[Any]:
        """Return those of a time before `before`."""
        return self.all().filter(time__lt=before)

    def __str__(self) -> str:
        return f"{self.model._meta.verbose_name_plural} in {self.alias!r}"


def cutoff(days: int | None = None) -> datetime | None:
    """Return the time before which rows are too old, by `days` or ``WT_RETENTION_DAYS``; None for never."""
    days = conf.WT_RETENTION_DAYS if days is None else days
    return timezone.now() - timedelta(days=days) if days else None


def prune(rows: Rows, before: datetime, batch: int) -> Iterator[int]:
    """Delete rows older than `before`, the oldest first; yield after each batch how many it had.

    Who stops asking stops the deleting; nothing is left half done.
    """
    old = rows.older_than(before).order_by("time")
    since: datetime | None = None
    while True:
        # From where the last batch ended, as the index still has the entries of what was deleted.
        later = old if since is None else old.filter(time__gte=since)
        found = list(later.values_list("pk", "time")[:batch])
        if not found:
            return
        # The span of time tells a table with partitions which of them to look at.
        span = rows.all().filter(time__range=(found[0][1], found[-1][1]))
        since = found[-1][1]
        _delete(span, [key for key, _ in found])
        yield len(found)


def erase(chosen: QuerySet[Any], batch: int) -> Iterator[int]:
    """Delete these rows in the order of their keys; yield after each batch how many it had."""
    last: UUID | None = None
    while True:
        later = chosen if last is None else chosen.filter(pk__gt=last)
        found = list(later.order_by("pk").values_list("pk", flat=True)[:batch])
        if not found:
            return
        last = found[-1]
        _delete(chosen.order_by(), found)
        yield len(found)


def _delete(rows: QuerySet[Any], keys: Sequence[UUID]) -> None:
    with transaction.atomic(using=rows.db):
        for start in range(0, len(keys), _KEYS):
            rows.filter(pk__in=keys[start : start + _KEYS])._raw_delete(rows.db)
    settle(connections[rows.db])
