"""Queries for Grafana's PostgreSQL data source, on the tables of the ``django`` storage.

Its macros are described in grafana.com/docs/grafana/latest/datasources/postgres/#macros.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist

from django_metrics_statsd.hits.grafana.asking import (
    Condition,
    Conditions,
    Engine,
    Figure,
    Known,
    Status,
    Target,
    UnknownNameError,
)
from django_metrics_statsd.hits.models import Event, Hit, Stored, Timing

TABLES: dict[str, type[Stored]] = {"hits": Hit, "events": Event, "timings": Timing}
#: How many of the newest rows are looked at for the names of sites.
_SITES = 10_000
_SIMPLE = {"mean": "avg", "max": "max", "sum": "sum"}
_MINUTES = {True: "(EXTRACT(EPOCH FROM INTERVAL '$interval') / 60)", False: "(({}) / 60.0)"}
_SPAN = "$__unixEpochTo() - $__unixEpochFrom()"


class Postgres(Engine):
    """SQL."""

    key, title, plugin = "postgresql", "PostgreSQL", "grafana-postgresql-datasource"

    def series(
        self, table: str, figures: Sequence[Figure], where: Conditions = (), by: str = ""
    ) -> list[Target]:
        chosen = [f'{figure(table, each, timed=True)} AS "{each.label}"' for each in figures]
        metric = [f"{column(table, by)} AS metric"] if by else []
        return [
            _target(
                ['$__timeGroupAlias("time", $interval)', *metric, *chosen],
                table,
                where,
                f"GROUP BY {'1, 2' if by else '1'} ORDER BY 1",
                form="time_series",
            )
        ]

    def single(self, table: str, figure_: Figure, where: Conditions = ()) -> list[Target]:
        return [_target([f'{figure(table, figure_)} AS "{figure_.label}"'], table, where)]

    def share(self, table: str, label: str, part: Conditions, *, timed: bool) -> list[Target]:
        matching = " AND ".join(condition(table, each) for each in part)
        percent = f'100.0 * count(*) FILTER (WHERE {matching}) / NULLIF(count(*), 0) AS "{label}"'
        if not timed:
            return [_target([percent], table)]
        time = '$__timeGroupAlias("time", $interval)'
        return [_target([time, percent], table, (), "GROUP BY 1 ORDER BY 1", form="time_series")]

    def ranking(
        self,
        table: str,
        by: Mapping[str, str],
        figures: Sequence[Figure],
        where: Conditions = (),
        limit: int = 20,
    ) -> list[Target]:
        names = [f'{column(table, name)} AS "{label}"' for name, label in by.items()]
        chosen = [f'{figure(table, each)} AS "{each.label}"' for each in figures]
        groups = ", ".join(map(str, range(1, len(by) + 1)))
        end = f"GROUP BY {groups} ORDER BY {len(by) + 1} DESC NULLS LAST LIMIT {limit}"
        return [_target([*names, *chosen], table, (*where, *map(Known, by)), end)]

    def rows(
        self, table: str, columns: Mapping[str, str], where: Conditions = (), top: str = "", limit: int = 100
    ) -> list[Target]:
        chosen = [f'{column(table, name)} AS "{label}"' for name, label in columns.items()]
        end = f"ORDER BY {column(table, top or 'time')} DESC LIMIT {limit}"
        return [_target([f'{column(table, "time")} AS "Time"', *chosen], table, where, end)]

    def sorting(self, figure_: Figure, limit: int) -> list[dict[str, Any]]:
        return []

    def sites(self, table: str) -> str:
        newest = f'"site" FROM "{_table(table)}" ORDER BY "time" DESC LIMIT {_SITES}'
        return f'SELECT DISTINCT "site" FROM (SELECT {newest}) AS newest ORDER BY 1'  # noqa: S608 - Grafana sends it


def _target(
    columns: Iterable[str], table: str, where: Conditions = (), end: str = "", form: str = "table"
) -> Target:
    conditions = ['$__timeFilter("time")', f"{column(table, 'site')} IN ($site)"]
    conditions += [condition(table, each) for each in where]
    parts = ("SELECT", ", ".join(columns), f'FROM "{_table(table)}" WHERE', " AND ".join(conditions), end)
    return {"rawSql": " ".join(parts).strip(), "format": form, "rawQuery": True, "editorMode": "code"}


def _table(table: str) -> str:
    return TABLES[table]._meta.db_table


def column(table: str, name: str) -> str:
    """Return a column, or a number in the JSON of a browser timing, as SQL.

    Raises:
        UnknownNameError: the table has no such column.
    """
    if table == "timings" and "." in name:
        return f"({column(table, 'values')}->>'{name}')::float"
    try:
        return f'"{TABLES[table]._meta.get_field(name).column}"'  # type: ignore[union-attr]
    except FieldDoesNotExist:
        raise UnknownNameError(f"{table} has no column {name!r}") from None


def condition(table: str, each: Condition) -> str:
    """Return a condition as SQL."""
    if isinstance(each, Status):
        status = column(table, "status_code")
        ranges = (f"{status} BETWEEN {digit}00 AND {digit}99" for digit in each.digits)
        return f"({' OR '.join(ranges)})"
    if isinstance(each, Known):
        return f"{column(table, each.column)} <> ''"
    return f"{column(table, each.column)} IN ({', '.join(map(_value, each.values))})"


def _value(value: str | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    quoted = value.replace("'", "''")
    return f"'{quoted}'"


def figure(table: str, each: Figure, *, timed: bool = False) -> str:
    """Return a figure as SQL; `timed` says whether it is one of many over time."""
    return (
        f"{each.factor:g} * {_figure(table, each, timed)}"
        if each.factor != 1
        else _figure(table, each, timed)
    )


def _figure(table: str, each: Figure, timed: bool) -> str:
    if each.what == "count":
        return f"count({column(table, each.column) if each.column else '*'})"
    if each.what == "rate":
        return f"count(*) / {_MINUTES[timed].format(_SPAN)}"
    name = column(table, each.column)
    if each.what in _SIMPLE:
        return f"{_SIMPLE[each.what]}({name})"
    if each.what == "distinct":
        return f"count(DISTINCT {name})"
    if each.what == "ratio":
        return f"sum({name}) / NULLIF(sum({column(table, each.other)}), 0)"
    if each.what == "difference":
        return f"avg({column(table, each.other)} - {name})"
    return f"percentile_cont({int(each.what.removeprefix('p')) / 100:g}) WITHIN GROUP (ORDER BY {name})"
