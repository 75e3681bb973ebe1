"""Telling open pages of a change, from any process. Never raises, and never waits long."""

from __future__ import annotations

import asyncio

from django.db import connections, router, transaction

from django_metrics_statsd.dashboard.live import changes, messenger
from django_metrics_statsd.dashboard.models import Change
from django_metrics_statsd.safety import failed


def publish(*keys: str) -> None:
    """Have every open page fetch these widgets anew, once the transaction at hand commits.

    The change is written after that commit, in a transaction of its own: its number is locked for a
    moment only, however long the caller's transaction lasts.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    try:
        if loop is not None:  # which may not wait for a database
            loop.run_in_executor(None, _publish_apart, keys)
        else:
            transaction.on_commit(lambda: _publish(keys), using=router.db_for_write(Change), robust=True)
    except Exception:  # the database is away, say
        failed("dashboard.publish")


def _publish_apart(keys: tuple[str, ...]) -> None:
    try:
        _publish(keys)
    finally:
        connections.close_all()


def _publish(keys: tuple[str, ...]) -> None:
    try:
        seq = changes.record(keys)
    except Exception:
        failed("dashboard.publish")
        return
    messenger.wake(seq)
