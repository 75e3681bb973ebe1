"""Gives back what a check's thread has opened, so that no connection outlives a check."""

from __future__ import annotations

from typing import Any

from django.core.cache import caches
from django.db import connections

from django_metrics_statsd.safety import failed


def close_all() -> None:
    """Close this thread's database connections (a pool gets its own back) and caches; never raise."""
    for connection in connections.all(initialized_only=True):
        _quietly(_close_connection, connection)
    for cache in caches.all(initialized_only=True):
        _quietly(_close, cache)


def _close_connection(connection: Any) -> None:
    connection.close()
    # Django leaves a database in memory open, for tests; but this thread's way to it ends here.
    if connection.vendor == "sqlite" and connection.connection is not None:
        connection.connection.close()
        connection.connection = None


def _close(cache: Any) -> None:
    cache.close()
    # Django's Redis backend leaves its connections to the garbage collector, which may take its time.
    for pool in dict(getattr(getattr(cache, "_cache", None), "_pools", None) or {}).values():
        pool.disconnect()


def _quietly(close: Any, *args: Any) -> None:
    try:
        close(*args)
    except Exception:
        failed("health.closing")
