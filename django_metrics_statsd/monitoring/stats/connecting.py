"""A connection of the writer's own: never the site's, never for longer than one round, never waiting long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from typing import Any, Final

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.utils import Error, load_backend

#: Seconds within which a server must answer, where ``OPTIONS`` say nothing about it.
_TIMEOUTS: Final = {"postgresql": ("connect_timeout",), "mysql": ("connect_timeout",)}


@contextmanager
def own_connection(alias: str, patience: float) -> Iterator[BaseDatabaseWrapper]:
    """Give a new connection to a database, in autocommit mode, and close it.

    Args:
        patience: seconds to wait for the server, or for SQLite's lock.
    """
    connection = _made(alias, patience)
    try:
        connection.ensure_connection()
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        yield connection
    finally:
        with suppress(Error):
            connection.close()


def _made(alias: str, patience: float) -> BaseDatabaseWrapper:
    settings: dict[str, Any] = dict(connections[alias].settings_dict)
    options = dict(settings.get("OPTIONS") or {})
    options.pop("pool", None)  # it is the site's, and may be used up by it
    backend = load_backend(settings["ENGINE"])
    wrapper: type[BaseDatabaseWrapper] = backend.DatabaseWrapper
    for option in _TIMEOUTS.get(wrapper.vendor, ()):
        options.setdefault(option, max(2, ceil(patience)))
    return wrapper({**settings, "OPTIONS": options}, alias)


@contextmanager
def transaction(connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Give a cursor within a transaction of such a connection."""
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()
    except BaseException:
        with suppress(Error):
            connection.rollback()
        raise
    finally:
        with suppress(Error):
            connection.set_autocommit(True)


def table(connection: BaseDatabaseWrapper, model: type[Model]) -> str:
    """Return a model's table, quoted."""
    return connection.ops.quote_name(model._meta.db_table)


def keep(connection: BaseDatabaseWrapper, key: str) -> str:
    """Return the end of an INSERT that passes over rows that are there. MySQL's IGNORE passes over errors."""
    if connection.vendor == "mysql":
        return f"ON DUPLICATE KEY UPDATE {key} = {key}"
    return "ON CONFLICT DO NOTHING"
