"""Whether each database answers a query, and whether its migrations are applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, router

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
    if connection.vendor == "sqlite":
        _look_for_file(connection)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM DUAL" if connection.vendor == "oracle" else "SELECT 1")
        row = cursor.fetchone()
        if connection.vendor == "sqlite":  # which answers that without a look at the file
            cursor.execute("PRAGMA schema_version")
    if row is None or row[0] != 1:
        raise Fail(f"The database was asked for 1 and answered {row!r}.")


def _look_for_file(connection: Any) -> None:
    """Fail where there is no file: SQLite would make an empty one."""
    name = str(connection.settings_dict["NAME"])
    in_memory = connection.is_in_memory_db() or name.startswith("file:")
    if not in_memory and not Path(name).exists():
        raise Fail("The file of the database does not exist; manage.py migrate makes it.")


def _unapplied(alias: str) -> dict[str, Any]:
    from django.db.migrations.executor import MigrationExecutor

    connection = connections[alias]
    if connection.settings_dict["ENGINE"] == "django.db.backends.dummy":
        raise Skip("No database is configured.")
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    wanted = {label for label, _ in leaves if _has_tables(label, alias)}
    if not wanted:
        raise Skip("No app has tables in this database, say DATABASE_ROUTERS.")
    plan = executor.migration_plan([leaf for leaf in leaves if leaf[0] in wanted])
    missing = [
        f"{migration.app_label}.{migration.name}" for migration, _ in plan if migration.app_label in wanted
    ]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (" and more" if len(missing) > SHOWN else "")
        raise Fail(f"{len(missing)} migrations are not applied: {shown}.", unapplied=len(missing))
    return {"unapplied": 0}


def _has_tables(label: str, alias: str) -> bool:
    """Whether routers let an app have tables in a database."""
    models = list(apps.get_app_config(label).get_models()) if label in apps.app_configs else []
    if models:
        return any(router.allow_migrate_model(alias, model) for model in models)
    return bool(router.allow_migrate(alias, label))
