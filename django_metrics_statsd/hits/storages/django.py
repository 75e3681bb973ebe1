"""Hits and events in the project's own databases: PostgreSQL, MariaDB or MySQL, SQLite.

    WT_DATABASES = {"default": {"type": "django", "hits_db": "hits", "events_db": "default"}}

``hits_db`` and ``events_db`` are aliases of ``DATABASES``; unset, hits go to ``default`` and events to where
the hits go. Browser timings go with the hits. How long a database may take is for its own ``OPTIONS`` to say
(``connect_timeout`` and the like).

With psycopg 3, PostgreSQL gets rows by COPY, five times as fast as by INSERT, which psycopg2 is left with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, InterfaceError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.utils.connection import ConnectionDoesNotExist
from django.utils.timezone import get_default_timezone

from django_metrics_statsd.decorators import muted
from django_metrics_statsd.hits.committing import settle
from django_metrics_statsd.hits.models import Event
from django_metrics_statsd.hits.pruning import MODELS, Rows, cutoff, prune
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable
from django_metrics_statsd.hits.storages.django_aliases import aliases, option_problems
from django_metrics_statsd.hits.storages.django_copy import copy_in, copy_new
from django_metrics_statsd.hits.storages.django_errors import is_duplicate, told
from django_metrics_statsd.hits.storages.django_rows import SHAPES, Moment, Shape

#: How rows that are there already are passed over. MySQL's IGNORE would pass over errors too.
_KEEP = {"mysql": "ON DUPLICATE KEY UPDATE id = id"}
_KEEP_ELSEWHERE = "ON CONFLICT DO NOTHING"
#: How many rows `maintain` deletes at once, and for how long it goes on, in seconds.
PRUNE_BATCH = 1_000
PRUNE_SECONDS = 1.0

Work = list[tuple[Shape, Sequence[Record]]]


class DjangoStorage(Storage):
    """Keeps hits, browser timings and events in tables; see the module's text for the options."""

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, options)
        self.hits_db, self.events_db = aliases(options)

    def write(self, records: Sequence[Record]) -> None:
        """Write each kind of record in bulk, those of one database in one transaction."""
        with muted():
            for alias, work in self._sorted(records).items():
                _write(alias, work)

    def _sorted(self, records: Sequence[Record]) -> dict[str, Work]:
        """Return the work of each database, rows in the order of their ids.

        Two writers that take locks in the same order cannot wait for each other.
        """
        found: dict[str, Work] = {}
        for shape in SHAPES:
            chosen = {record.id: record for record in records if type(record) is shape.record}
            if chosen:
                rows = [chosen[identity] for identity in sorted(chosen)]
                found.setdefault(self.database_of(shape.model), []).append((shape, rows))
        return found

    def database_of(self, model: type[Model]) -> str:
        """Return the alias of the database that has this model's rows."""
        return self.events_db if model is Event else self.hits_db

    def maintain(self) -> None:
        """Delete what is older than ``WT_RETENTION_DAYS``, for a second."""
        before = cutoff()
        if before is None:
            return
        deadline = monotonic() + PRUNE_SECONDS
        with muted():
            for model in MODELS:
                _prune(Rows(model, self.database_of(model)), before, deadline)

    def close(self) -> None:
        """Close this thread's connections to the databases."""
        for alias in {self.hits_db, self.events_db} & set(connections):
            connection = connections[alias]
            if not connection.in_atomic_block:
                with suppress(DatabaseError, InterfaceError):
                    connection.close()

    @classmethod
    def problems(cls, alias: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield options that are unknown, and aliases that are, or whose database is of another kind."""
        return option_problems(alias, options)


def _connection(alias: str) -> BaseDatabaseWrapper:
    try:
        return connections[alias]
    except (ConnectionDoesNotExist, ImproperlyConfigured) as error:
        raise Unavailable(f"database {alias!r}: {error}") from error


def _write(alias: str, work: Work) -> None:
    """Write, with a second try on a new connection where an old one turns out to be broken."""
    connection = _connection(alias)
    try:
        _tidy(connection)
        old = connection.connection
        try:
            _store(connection, work)
        except Unavailable:
            _tidy(connection)
            if old is None or old is connection.connection:
                raise
            _store(connection, work)
    finally:
        _tidy(connection)


def _tidy(connection: BaseDatabaseWrapper) -> None:
    """Let go of a connection that is broken or older than its ``CONN_MAX_AGE``, as after a request."""
    if not connection.in_atomic_block:
        with suppress(DatabaseError, InterfaceError):
            connection.close_if_unusable_or_obsolete()


def _store(connection: BaseDatabaseWrapper, work: Work) -> None:
    with told(connection):
        try:
            _transaction(connection, work, has_some=False)
        except IntegrityError as error:
            if not is_duplicate(error):
                raise
            _transaction(connection, work, has_some=True)


def _transaction(connection: BaseDatabaseWrapper, work: Work, *, has_some: bool) -> None:
    with transaction.atomic(using=connection.alias), connection.cursor() as wrapper:
        # The driver's cursor below Django's, which would keep each batch as text in its log of queries.
        cursor = wrapper.cursor
        with connection.wrap_database_errors:
            for shape, records in work:
                _insert(connection, cursor, shape, records, has_some=has_some)
    settle(connection)


def _insert(
    connection: BaseDatabaseWrapper, cursor: Any, shape: Shape, records: Sequence[Record], *, has_some: bool
) -> None:
    quote = connection.ops.quote_name
    table = quote(shape.model._meta.db_table)
    columns = ", ".join(map(quote, shape.fields))
    if hasattr(cursor, "copy"):
        (copy_new if has_some else copy_in)(cursor, shape, table, columns, records)
    else:
        insert(connection, cursor, shape, table, columns, records)


def insert(
    connection: BaseDatabaseWrapper,
    cursor: Any,
    shape: Shape,
    table: str,
    columns: str,
    records: Sequence[Record],
) -> None:
    """Write those rows into `table` that it has not, by the one statement that all the databases have."""
    moment = _moment(connection)
    places = ", ".join(["%s"] * len(shape.fields))
    keep = _KEEP.get(connection.vendor, _KEEP_ELSEWHERE)
    cursor.executemany(
        f"INSERT INTO {table} ({columns}) VALUES ({places}) {keep}",  # noqa: S608 - names of our own
        [shape.row(record, moment)[0] for record in records],
    )


def _moment(connection: BaseDatabaseWrapper) -> Moment:
    """Return what writes a time for this database: with its zone, or as local to the connection's."""
    if connection.vendor == "postgresql":
        return str
    zone = connection.timezone or get_default_timezone()

    def naive(time: datetime) -> str:
        return str(time.astimezone(zone).replace(tzinfo=None))

    return (lambda time: str(time.astimezone(UTC))[:-6]) if zone is UTC else naive


def _prune(rows: Rows, before: datetime, deadline: float) -> None:
    connection = _connection(rows.alias)
    _tidy(connection)
    try:
        with told(connection):
            for _ in prune(rows, before, PRUNE_BATCH):
                if monotonic() > deadline:
                    return
    except Rejected as error:  # a rule of the site's own that keeps rows
        raise Unavailable(str(error)) from error
    finally:
        _tidy(connection)
