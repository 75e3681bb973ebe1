"""``manage.py check`` for the stats store: a wrong setting is named, with what is allowed and what to do.

Unknown settings are found by the checks of monitoring as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, router

from django_metrics_statsd.checks import wrong_values
from django_metrics_statsd.monitoring.stats.conf import all_settings, conf, is_used
from django_metrics_statsd.monitoring.stats.models import APP, MODELS

ROUTER = "django_metrics_statsd.monitoring.stats.router.StatsRouter"
VENDORS = ("postgresql", "mysql", "sqlite")
Check = Callable[..., list[CheckMessage]]


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E101: every setting of the store has a value that it may have."""
    return [Error(problem, hint=hint, id=f"{APP}.E101") for _, problem, hint in wrong_values(all_settings())]


def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E102, W101: the store's database is there, of a kind that can hold it, and gets its tables."""
    if not is_used():
        return []
    alias = conf.MONITORING_STATS_DATABASE
    problems = [Error(message, hint=hint, id=f"{APP}.E102") for message, hint in _problems(alias)]
    if problems:
        return [*problems]
    return [Warning(message, hint=hint, id=f"{APP}.W101") for message, hint in _gaps(alias)]


def _problems(alias: str) -> Iterator[tuple[str, str]]:
    if alias not in list(connections):
        known = ", ".join(map(repr, connections))
        yield (
            f"MONITORING_STATS_DATABASE is {alias!r}, which is not in DATABASES.",
            f"Write one of {known}, or add it there.",
        )
        return
    try:
        vendor = connections[alias].vendor
    except ImproperlyConfigured as error:
        yield f"MONITORING_STATS_DATABASE is {alias!r}, which cannot be had: {error}", "See DATABASES."
        return
    if vendor not in VENDORS:
        yield (
            f"MONITORING_STATS_DATABASE is {alias!r}, of the kind {vendor!r}, which cannot hold stats.",
            "The store can be kept in PostgreSQL, MariaDB or MySQL, and SQLite.",
        )


def _gaps(alias: str) -> Iterator[tuple[str, str]]:
    lacking = [
        model for model in MODELS if not router.allow_migrate(alias, APP, model_name=model._meta.model_name)
    ]
    elsewhere = [model for model in MODELS if router.db_for_read(model) != alias]
    if lacking or elsewhere:
        yield (
            f"MONITORING_STATS_DATABASE is {alias!r}, but DATABASE_ROUTERS send the stats' tables elsewhere.",
            f"Add {ROUTER!r} to DATABASE_ROUTERS, then run manage.py migrate --database {alias}.",
        )


CHECKS: tuple[Check, ...] = (check_values, check_database)
