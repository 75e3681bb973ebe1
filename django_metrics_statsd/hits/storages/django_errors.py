"""What a database's refusal means: the same again later, or never."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DataError, Error, IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

from django_metrics_statsd.hits.storages.base import Rejected, Unavailable

# SQLSTATE of PostgreSQL (its manual's appendix A). Class 54 is for rows or statements that are too large.
_PG_NO_TABLE = ("42P01", "42703", "3F000")
_PG_UNIQUE = "23505"
_PG_CHECK = "23514"
_PG_TOO_LARGE = "54"
# Error numbers of MariaDB and MySQL (the manuals' error reference). mysqlclient makes most of the first line
# an OperationalError, PyMySQL a DataError: wrong text, number, date, JSON, a text or packet that is too long.
_MY_REFUSALS = frozenset({1153, 1264, 1265, 1292, 1366, 1406, 3140, 4025})
_MY_NO_TABLE = frozenset({1054, 1146})
_MY_NO_PARTITION = 1526
_SQLITE_NO_TABLE = ("no such table", "has no column named")

_LONGEST = 300


@contextmanager
def told(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Turn the database's exceptions, and those of values that no driver takes, into a storage's.

    Raises:
        Unavailable: the connection, the server or its tables.
        Rejected: the rows.
    """
    try:
        with connection.wrap_database_errors:
            yield
    except Error as error:
        raise _translated(connection, error) from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Rejected(f"{type(error).__name__}: {_first_line(error)}") from error


def is_duplicate(error: BaseException) -> bool:
    """Say whether PostgreSQL refused a row because its key is there."""
    return _state(error.__cause__) == _PG_UNIQUE


def _translated(connection: BaseDatabaseWrapper, error: Error) -> Exception:
    where, said = f"database {connection.alias!r}", _first_line(error)
    if _no_table(connection, error):
        migrate = f"--database {connection.alias}"
        return Unavailable(
            f"{where} lacks a table or column of hits ({said}): run manage.py migrate {migrate}; where that "
            f"finds nothing to apply, manage.py migrate metrics_hits zero --fake {migrate} before it"
        )
    if _no_partition(error):
        return Unavailable(f"{where} has no partition for a row: make one for its time ({said})")
    return Rejected(f"{where}: {said}") if _is_refusal(error) else Unavailable(f"{where}: {said}")


def _is_refusal(error: Error) -> bool:
    if isinstance(error, DataError | IntegrityError):
        return True
    return _state(error.__cause__).startswith(_PG_TOO_LARGE) or _number(error) in _MY_REFUSALS


def _no_table(connection: BaseDatabaseWrapper, error: Error) -> bool:
    if connection.vendor == "sqlite":
        return any(words in str(error) for words in _SQLITE_NO_TABLE)
    return _state(error.__cause__) in _PG_NO_TABLE or _number(error) in _MY_NO_TABLE


def _no_partition(error: Error) -> bool:
    if _number(error) == _MY_NO_PARTITION:
        return True
    cause = error.__cause__
    # PostgreSQL calls it a failed check too, but there is no constraint that it could name.
    return _state(cause) == _PG_CHECK and getattr(getattr(cause, "diag", None), "constraint_name", "") is None


def _state(cause: Any) -> str:
    """Return the SQLSTATE of psycopg's or psycopg2's exception, or nothing."""
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""


def _number(error: BaseException) -> Any:
    """Return what MySQL's drivers give as the first argument: the error's number."""
    return error.args[0] if error.args else None


def _first_line(error: BaseException) -> str:
    number = _number(error)
    text = str(error.args[1]) if isinstance(number, int) and len(error.args) > 1 else str(error)
    return (text.strip().split("\n")[0] or type(error).__name__)[:_LONGEST]
