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

#: Options that say within how many seconds a server must answer, where ``OPTIONS`` have others.
_TIMEOUTS: Final = {
    "postgresql": ("connect_timeout",),
    "mysql": ("connect_timeout", "read_timeout", "write_timeout"),
}
#: How long a statement waits for a lock. PostgreSQL's holds for a transaction, so that a pooler which gives
#: the connection to others afterwards does not hand it on.
_LOCKS: Final = {
    "postgresql": ("SET LOCAL lock_timeout = {ms}", "SET LOCAL statement_timeout = {ms}"),
    "mysql": ("SET SESSION lock_wait_timeout = {s}", "SET SESSION innodb_lock_wait_timeout = {s}"),
}


@contextmanager
def own_connection(alias: str, patience: float) -> Iterator[BaseDatabaseWrapper]:
    """Give a new connection to a database, in autocommit mode, and close it.

    Args:
        patience: seconds to wait for the server, or for SQLite's lock.
    """
    connection = _made(alias, patience)
    connection.patience = patience  # type: ignore[attr-defined] # for `transaction`
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
    return wrapper({**settings, "OPTIONS": options, "AUTOCOMMIT": True}, alias)


@contextmanager
def transaction(connection: BaseDatabaseWrapper) -> Iterator[Any]:
    """Give a cursor within a transaction of such a connection."""
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        with connection.cursor() as cursor:
            _limit(connection, cursor)
            yield cursor
        connection.commit()
    except BaseException:
        with suppress(Error):
            connection.rollback()
        raise
    finally:
        with suppress(Error):
            connection.set_autocommit(True)


def _limit(connection: BaseDatabaseWrapper, cursor: Any) -> None:
    seconds = max(0.05, getattr(connection, "patience", 5.0))
    for statement in _LOCKS.get(connection.vendor, ()):
        cursor.execute(statement.format(ms=ceil(seconds * 1_000), s=ceil(seconds)))


def table(connection: BaseDatabaseWrapper, model: type[Model]) -> str:
    """Return a model's table, quoted."""
    return connection.ops.quote_name(model._meta.db_table)


def keep(connection: BaseDatabaseWrapper, key: str) -> str:
    """Return the end of an INSERT that passes over rows that are there. MySQL's IGNORE passes over errors."""
    if connection.vendor == "mysql":
        return f"ON DUPLICATE KEY UPDATE {key} = {key}"
    return "ON CONFLICT DO NOTHING"
