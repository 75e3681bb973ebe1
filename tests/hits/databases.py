"""Databases of real servers within the test process: added to Django's for a while, with the hits' tables."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import call_command
from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.db.backends.base.base import BaseDatabaseWrapper


def use_pymysql() -> None:
    """Have Django's MySQL backend use PyMySQL, which needs no compiler and no library of the server's."""
    import pymysql

    pymysql.version_info = (2, 2, 7, "final", 0)  # the mysqlclient whose interface it has
    pymysql.install_as_MySQLdb()


@contextmanager
def database(
    alias: str, settings: Mapping[str, Any], *, migrated: bool = True, closing: bool = True
) -> Iterator[str]:
    """Know a database by this alias while the block runs, and leave no connection of this thread behind."""
    known = connections.settings
    known[alias] = connections.configure_settings({"default": {}, alias: dict(settings)})[alias]
    try:
        if migrated:
            make_tables(alias)
        yield alias
    finally:
        if closing:
            close(connections[alias])
            del connections[alias]
        del known[alias]


def make_tables(alias: str) -> None:
    """Migrate the app of hits alone, and leave the connection closed."""
    call_command("migrate", "metrics_hits", database=alias, verbosity=0)
    close(connections[alias])


def close(connection: BaseDatabaseWrapper) -> None:
    """Close it, and its pool where it has one."""
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def empty(alias: str) -> None:
    """Delete all rows of hits and events."""
    from django_metrics_statsd.hits.models import Event, Hit, Timing  # benchmarks import this module bare

    for model in (Hit, Event, Timing):
        model._default_manager.using(alias).all()._raw_delete(alias)


@contextmanager
def temporary_folder(name: str) -> Iterator[Path]:
    """A folder not below pytest's, which a server's own user may not enter; its path is short."""
    with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
        yield Path(folder)
