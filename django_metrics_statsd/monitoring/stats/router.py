"""Sends the tables of the stats store to the database that ``MONITORING_STATS_DATABASE`` names.

    DATABASE_ROUTERS = ["django_metrics_statsd.monitoring.stats.router.StatsRouter"]

A database other than ``default`` is taken to be for stats alone: ``migrate --database stats`` makes no other
tables there. Where others share it, put a router before this one that allows them; Django takes the first
answer.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS

from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.models import APP, MODELS

PATH = "django_metrics_statsd.monitoring.stats.router.StatsRouter"
_NAMES = frozenset(str(model._meta.model_name) for model in MODELS)


class StatsRouter:
    """Says where the store's tables are, and says nothing about others but that they are not there."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str | None:
        """Return the store's database for its models; None for all others."""
        return conf.MONITORING_STATS_DATABASE if model in MODELS else None

    db_for_write = db_for_read

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        """Say whether a table belongs into a database; None where others may say."""
        store = conf.MONITORING_STATS_DATABASE
        if app_label == APP and model_name in _NAMES:
            return db == store
        if store != DEFAULT_DB_ALIAS and db == store and not (app_label == APP and model_name is None):
            return False
        return None
