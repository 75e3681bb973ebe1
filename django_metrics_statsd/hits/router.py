"""Sends the tables of hits and events to the databases that ``WT_DATABASES`` names.

    DATABASE_ROUTERS = ["django_metrics_statsd.hits.router.HitsRouter"]

A database that a ``django`` storage names, other than ``default``, is taken to be for hits and events alone:
``migrate --database hits`` makes no other app's tables there. Where other apps share it, put a router of
yours before this one that allows them; Django asks routers in order and takes the first answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, router

from django_metrics_statsd.hits.storages.django_aliases import all_databases, databases_of

APP = "metrics_hits"
PATH = "django_metrics_statsd.hits.router.HitsRouter"


class HitsRouter:
    """Reads come from the first ``django`` storage; tables are made for all of them."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str | None:
        """Return where the first django storage keeps a model of this app; None for all others."""
        if model._meta.app_label != APP:
            return None
        return next(databases_of(model._meta.model_name), None)

    db_for_write = db_for_read

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        """Say whether an app's tables, or a model's, belong into a database; None where others may say."""
        if app_label == APP:
            return db in (all_databases() if model_name is None else set(databases_of(model_name)))
        return False if db != DEFAULT_DB_ALIAS and db in all_databases() else None


def gaps() -> Iterator[tuple[str, str]]:
    """Yield for each model whose rows are not looked for where they are kept: ``(message, hint)``."""
    from django_metrics_statsd.hits.pruning import MODELS

    for model in MODELS:
        kept, looked = list(databases_of(str(model._meta.model_name))), router.db_for_read(model)
        if kept and looked not in kept:
            what, objects = model._meta.verbose_name_plural, f"{model.__name__}.objects"
            message = f"{what} are kept in {kept[0]!r}, but {objects} and the admin look in {looked!r}."
            yield message, f"Add {PATH!r} to DATABASE_ROUTERS."
