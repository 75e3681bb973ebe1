"""The task that ``CeleryHeartbeat`` looks for. Celery finds it, as it does each app's ``tasks``."""

from __future__ import annotations

from celery import shared_task

from django_metrics_statsd.health.checks.celery_workers import beat


@shared_task(name="django_metrics_statsd.health.tasks.heartbeat", ignore_result=True, expires=300)  # type: ignore[untyped-decorator]
def heartbeat(queue: str = "celery", cache: str = "default") -> None:
    """Leave the time in the cache `cache`, for the queue that this task went through."""
    beat(queue, cache)
