"""Whether each database answers a query, and whether its migrations are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connections

from django_metrics_statsd.health.checks.base import Check, Fail, Skip
from django_metrics_statsd.health.conf import conf

#: Names of migrations that a message shows.
SHOWN = 5


@dataclass(kw_only=True)
class Databases(Check):
    """Opens a connection to each database, or takes one of its pool, and asks for ``1``.

    The connection is the check's own: no request's transaction is in the way, and it is given back.

    Attributes:
        aliases: the databases; unset, those of ``WATCHMAN_DATABASES``, or all.
    """

    name: str = "databases"
    aliases: tuple[str, ...] | None = None

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each database."""
        for alias in _chosen(self.aliases):
            yield alias, partial(_query, alias)


@dataclass(kw_only=True)
class Migrations(Check):
    """Compares the migrations of the code with those that each database has; changes nothing.

    Attributes:
        aliases: the databases; unset, those of ``WATCHMAN_DATABASES``, or all.
    """

    name: str = "migrations"
    aliases: tuple[str, ...] | None = None

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each database."""
        for alias in _chosen(self.aliases):
            yield alias, partial(_unapplied, alias)


def _chosen(aliases: tuple[str, ...] | None) -> list[str]:
    chosen = aliases or conf.WATCHMAN_DATABASES
    return sorted(connections.settings if chosen is None else chosen)


def _query(alias: str) -> None:
    connection = connections[alias]
    if connection.settings_dict["ENGINE"] == "django.db.backends.dummy":
        raise Skip("No database is configured.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM DUAL" if connection.vendor == "oracle" else "SELECT 1")
        row = cursor.fetchone()
    if row is None or row[0] != 1:
        raise Fail(f"The database was asked for 1 and answered {row!r}.")


def _unapplied(alias: str) -> dict[str, Any]:
    from django.db.migrations.executor import MigrationExecutor

    connection = connections[alias]
    if connection.settings_dict["ENGINE"] == "django.db.backends.dummy":
        raise Skip("No database is configured.")
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    missing = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (" and more" if len(missing) > SHOWN else "")
        raise Fail(f"{len(missing)} migrations are not applied: {shown}.", unapplied=len(missing))
    return {"unapplied": 0}
