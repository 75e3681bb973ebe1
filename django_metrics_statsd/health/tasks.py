"""The task that ``CeleryHeartbeat`` looks for. Celery finds it, as it does each app's ``tasks``."""

from __future__ import annotations

import time

from celery import shared_task
from django.core.cache import caches

from django_metrics_statsd.health.checks.celery_workers import HEARTBEAT

#: Seconds for which the cache keeps a heartbeat: long enough to say how old it is.
KEPT = 7 * 86_400


@shared_task(name="django_metrics_statsd.health.tasks.heartbeat", ignore_result=True, expires=300)  # type: ignore[untyped-decorator]
def heartbeat(queue: str = "celery", cache: str = "default") -> None:
    """Leave the time in the cache `cache`, for the queue that this task went through."""
    caches[cache].set(HEARTBEAT + queue, time.time(), KEPT)
