"""Adds points to the table of rollups: one statement inserts a bucket or adds to the one that is there.

The statement adds in the database, so that no writer loses what another one wrote, and locks the buckets it
touches; sketches, which no database can add up, are then read, merged and written under these locks.
Known are SQLite, PostgreSQL, MariaDB and MySQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import NotSupportedError, OperationalError, connections, router

from django_metrics_statsd.monitoring.rollups.points import Point
from django_metrics_statsd.monitoring.rollups.spread import Spread

#: Of a statement: SQLite takes 999 parameters at least.
_ROWS = 90
_IN = 900
_COLUMNS = (
    "series_id",
    "resolution",
    "start",
    "count",
    "total",
    "whole",
    "low",
    "high",
    "last",
    "last_at",
)
#: What becomes of a column where the bucket is there: {o} is the old value, {n} the new one. ``last`` comes
#: before ``last_at``, as MariaDB takes them one after the other.
_CHANGES = {
    "count": "{o.count} + {n.count}",
    "total": "{o.total} + {n.total}",
    "whole": "{o.whole} + {n.whole}",
    "low": "CASE WHEN {n.low} < {o.low} THEN {n.low} ELSE {o.low} END",
    "high": "CASE WHEN {n.high} > {o.high} THEN {n.high} ELSE {o.high} END",
    "last": "CASE WHEN {n.last_at} >= {o.last_at} THEN {n.last} ELSE {o.last} END",
    "last_at": "CASE WHEN {n.last_at} >= {o.last_at} THEN {n.last_at} ELSE {o.last_at} END",
}
VENDORS = ("sqlite", "postgresql", "mysql")

Key = tuple[str, int, int]
Row = tuple[int, int, int]


class _Names:
    """Makes ``{o.count}`` the name of a column in the statement's own language."""

    def __init__(self, pattern: str, connection: Any) -> None:
        self._pattern, self._quote = pattern, connection.ops.quote_name

    def __getattr__(self, column: str) -> str:
        return self._pattern.format(self._quote(column))


def add(monitor: str, points: Mapping[Key, Point]) -> None:
    """Add points, by series, resolution and start, to a monitor's rollups. Within a transaction of its own.

    Raises:
        django.db.Error: the database does not take them.
    """
    if not points:
        return
    from django_metrics_statsd.monitoring.tables import Rollup

    alias = router.db_for_write(Rollup)
    ids = series_ids(alias, monitor, {series for series, _, _ in points})
    rows = sorted(
        ((ids[series], resolution, start), point) for (series, resolution, start), point in points.items()
    )
    for start in range(0, len(rows), _ROWS):
        _upsert(connections[alias], rows[start : start + _ROWS])
    spread = [(row, point.spread) for row, point in rows if point.spread is not None]
    for start in range(0, len(spread), _ROWS):
        _spread(connections[alias], spread[start : start + _ROWS])


def lock(alias: str) -> None:
    """Become SQLite's one writer before anything is read; a reader that turns writer may be refused.

    The statement changes nothing. Other databases lock what is written, when it is.
    """
    if connections[alias].vendor == "sqlite":
        from django_metrics_statsd.monitoring.tables import Rollup

        Rollup._default_manager.using(alias).filter(pk=-1).update(count=0)


def lock_out(alias: str) -> None:
    """Have all other writers of rollups wait until this transaction ends, and wait for those under way."""
    if connections[alias].vendor != "postgresql":
        lock(alias)  # SQLite has one writer; MariaDB and MySQL lock what is deleted, and the gaps between
        return
    from django_metrics_statsd.monitoring.tables import Rollup

    table = connections[alias].ops.quote_name(Rollup._meta.db_table)
    with connections[alias].cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def series_ids(alias: str, monitor: str, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of a monitor's series; those that were not there are then."""
    from django_metrics_statsd.monitoring.tables import Series, key_of

    wanted = {key_of(monitor, name): name for name in names}
    manager = Series._default_manager.using(alias)
    found = _known(manager, wanted)
    missing = sorted(wanted.keys() - found.keys())
    if missing:
        new = [Series(key=key, monitor=monitor, name=wanted[key]) for key in missing]
        manager.bulk_create(new, ignore_conflicts=True, batch_size=_ROWS)
        found = _known(manager, wanted)
    if not wanted.keys() <= found.keys():  # another writer's, which a snapshot taken before hides
        raise OperationalError(f"the series of {monitor} are being made by another process")
    return {name: found[key] for key, name in wanted.items()}


def _known(manager: Any, keys: Iterable[str]) -> dict[str, int]:
    wanted, found = list(keys), {}
    for start in range(0, len(wanted), _IN):
        rows = manager.filter(key__in=wanted[start : start + _IN])
        found.update(rows.values_list("key", "pk"))
    return found


def _upsert(connection: Any, rows: Sequence[tuple[Row, Point]]) -> None:
    parameters: list[Any] = []
    for row, point in rows:
        parameters += row
        parameters += (
            point.count,
            point.total,
            point.whole,
            point.low,
            point.high,
            point.last,
            point.last_at,
        )
    with connection.cursor() as cursor:
        cursor.execute(_statement(connection, len(rows)), parameters)


def _statement(connection: Any, count: int) -> str:
    quote = connection.ops.quote_name
    table = quote("metrics_monitoring_rollup")
    columns = ", ".join(map(quote, _COLUMNS))
    values = ", ".join(["(" + ", ".join(["%s"] * len(_COLUMNS)) + ")"] * count)
    insert = f"INSERT INTO {table} ({columns}) VALUES {values}"  # noqa: S608 - of names and placeholders alone
    if connection.vendor == "mysql":
        # MariaDB has no alias for the new row; MySQL is about to lose VALUES().
        alias = "" if connection.mysql_is_mariadb else " AS new"
        new = "VALUES({})" if connection.mysql_is_mariadb else "new.{}"
        return f"{insert}{alias} ON DUPLICATE KEY UPDATE {_changes(connection, table + '.{}', new)}"
    if connection.vendor not in VENDORS:
        raise NotSupportedError(
            f"monitoring cannot keep rollups in {connection.vendor}; it knows {', '.join(VENDORS)}"
        )
    conflict = ", ".join(map(quote, ("series_id", "resolution", "start")))
    changes = _changes(connection, table + ".{}", "excluded.{}")
    return f"{insert} ON CONFLICT ({conflict}) DO UPDATE SET {changes}"


def _changes(connection: Any, old: str, new: str) -> str:
    names = {"o": _Names(old, connection), "n": _Names(new, connection)}
    quote = connection.ops.quote_name
    return ", ".join(f"{quote(column)} = {text.format(**names)}" for column, text in _CHANGES.items())


def _spread(connection: Any, rows: Sequence[tuple[Row, Spread]]) -> None:
    """Merge sketches into those of rows that this transaction has locked already."""
    from django_metrics_statsd.monitoring.tables import Rollup

    known = {key: (pk, packed) for key, pk, packed in _sketches(connection, rows)}
    changed = []
    for row, spread in rows:
        pk, packed = known[row]
        merged = Spread.unpack(packed)
        merged.merge(spread)
        changed.append((merged.pack(), pk))
    quote = connection.ops.quote_name
    table = quote(Rollup._meta.db_table)
    with connection.cursor() as cursor:
        statement = f"UPDATE {table} SET {quote('sketch')} = %s WHERE {quote('id')} = %s"  # noqa: S608
        cursor.executemany(statement, changed)


def _sketches(connection: Any, rows: Sequence[tuple[Row, Spread]]) -> Iterator[tuple[Row, int, Any]]:
    from django.db.models import Q

    from django_metrics_statsd.monitoring.tables import Rollup

    wanted = Q()
    for (series, resolution, start), _ in rows:
        wanted |= Q(series_id=series, resolution=resolution, start=start)
    found = Rollup._default_manager.using(connection.alias).filter(wanted).select_for_update()
    for pk, series, resolution, start, packed in found.values_list(
        "pk", "series_id", "resolution", "start", "sketch"
    ):
        yield (series, resolution, start), pk, packed
