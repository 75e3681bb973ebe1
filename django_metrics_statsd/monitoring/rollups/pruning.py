"""Deletes what is older than its monitor's retention, in batches, each a short transaction of its own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from time import monotonic, time
from typing import Any

from django.apps import apps
from django.db import router

from django_metrics_statsd.monitoring.conf import conf
from django_metrics_statsd.monitoring.rollups.buckets import DAY, HOUR, MINUTE
from django_metrics_statsd.safety import failed

RESOLUTIONS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
#: Seconds between two looks of a process's thread at rollups that are too old.
EVERY = 3_600.0
_BATCH = 1_000
_ALL = 10_000_000


class _Next:
    """When this process looks next; not all of a machine's processes at the same time."""

    at = 0.0


def now_and_then() -> None:
    """Delete the rollups that are too old, at most once an hour, at most some thousand at a time."""
    if monotonic() < _Next.at:
        return
    first, _Next.at = _Next.at == 0.0, monotonic() + EVERY * random.uniform(0.8, 1.2)
    if first:
        return  # a process that has just begun has better things to do
    try:
        for label, model in models_in_rollups():
            for _ in prune_rollups(label, retention_of(model), batches=5):
                pass
    except Exception:
        failed("monitoring.prune")


def retention_of(model: Any) -> dict[str, int]:
    """Return for how many days what is kept: by the model, where it says so, else by the settings."""
    return {**conf.MONITORING_RETENTION, **(getattr(model, "retention", None) or {})}


def models_in_rollups() -> Iterator[tuple[str, Any]]:
    """Yield the labels in the table of series, and their models; None where there is none any more."""
    from django_metrics_statsd.monitoring.register import monitor
    from django_metrics_statsd.monitoring.tables import Series

    models = [monitor.get(name) for name, _ in monitor.get_all()]
    registered = {str(model._meta.label_lower): model for model in models}
    labels = Series._default_manager.order_by("monitor").values_list("monitor", flat=True).distinct()
    for label in labels:
        try:
            yield label, registered.get(label) or apps.get_model(label)
        except (LookupError, ValueError):
            yield label, None


def old_rollups(label: str, days: dict[str, int]) -> Iterator[Any]:
    """Yield, as a queryset of each series and resolution, the rollups that are too old."""
    from django_metrics_statsd.monitoring.tables import Rollup, Series

    alias = router.db_for_write(Rollup)
    for series in Series._default_manager.using(alias).filter(monitor=label):
        for word, resolution in RESOLUTIONS.items():
            if days[word]:
                before = int(time()) - days[word] * DAY
                rows = Rollup._default_manager.using(alias)
                yield rows.filter(series=series, resolution=resolution, start__lt=before)


def prune_rollups(label: str, days: dict[str, int], batches: int = _ALL) -> Iterator[int]:
    """Delete a monitor's rollups that are too old; yield after each batch how many it had."""
    for rows in old_rollups(label, days):
        for _ in range(batches):
            keys = list(rows.order_by("start").values_list("pk", flat=True)[:_BATCH])
            if not keys:
                break
            rows.model._default_manager.using(rows.db).filter(pk__in=keys)._raw_delete(rows.db)
            yield len(keys)


def old_rows(model: Any, days: int) -> Any:
    """Return the rows of a monitor's own table that are too old."""
    from datetime import timedelta

    from django.utils import timezone

    rows = model._base_manager.using(router.db_for_write(model))
    return rows.filter(datetime_created__lt=timezone.now() - timedelta(days=days))


def prune_rows(model: Any, days: int) -> Iterator[int]:
    """Delete a monitor's rows that are too old, the oldest first; yield after each batch how many it had."""
    rows = old_rows(model, days).order_by("datetime_created")
    while keys := list(rows.values_list("pk", flat=True)[:_BATCH]):
        model._base_manager.using(rows.db).filter(pk__in=keys)._raw_delete(rows.db)
        yield len(keys)
