"""Marks in charts: what happened when, such as a deploy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import Error, router, transaction
from django.utils import timezone

from django_metrics_statsd.safety import failed, say_once

#: The most marks in one chart, the newest; more could not be told apart.
LIMIT = 50
_LENGTH = 200


def annotate(text: str, time: datetime | None = None) -> None:
    """Mark a moment, now or `time`, in every chart.

    Raises:
        django.db.Error: it cannot be written.
    """
    from django_metrics_statsd.monitoring.tables import Annotation

    Annotation._default_manager.create(text=text[:_LENGTH], time=timezone.now() if time is None else time)


def between(start: int, end: int) -> list[Any]:
    """Return the newest annotations from `start` up to `end` (seconds since 1970), oldest first."""
    from django_metrics_statsd.monitoring.rollups.reading import in_database
    from django_metrics_statsd.monitoring.tables import Annotation

    rows = Annotation._default_manager.filter(time__gte=in_database(start), time__lt=in_database(end))
    return list(rows.order_by("-time")[:LIMIT])[::-1]


def connect() -> None:
    """Have every ``manage.py statsd_ping`` mark its moment."""
    from django_metrics_statsd.management.commands.statsd_ping import pinged

    pinged.connect(_on_ping, dispatch_uid="metrics_monitoring")


def _on_ping(*, text: str, **kwargs: Any) -> None:
    from django_metrics_statsd.monitoring.tables import Annotation

    try:
        with transaction.atomic(using=router.db_for_write(Annotation)):
            annotate(text)
    except Error as error:
        say_once("monitoring.annotate", "%s cannot be marked in charts: %s", text, error)
    except Exception:
        failed("monitoring.annotate")
