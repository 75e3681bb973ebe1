"""InfluxQL for Grafana's InfluxDB data source, on the measurements of the ``influxdb`` storage.

The language: docs.influxdata.com/influxdb/v1/query_language/explore-data. It can group by tags and not by
fields, and can sort by nothing but time; so panels sort what it gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from django_metrics_statsd.hits.storages.lines import BOOLEANS, FLOATS, INTEGERS, TEXTS
from django_metrics_statsd.hits.storages.tags import EVENT_TAGS, HIT_TAGS, TIMING_TAGS

TAGS = {"hits": HIT_TAGS, "events": EVENT_TAGS, "timings": TIMING_TAGS}
#: A field that every point of the measurement has, to count points by.
_EVERY = {"hits": "request_time", "events": "count", "timings": "count"}
_SIMPLE = {"mean": "MEAN", "max": "MAX", "sum": "SUM"}


class Influx(Engine):
    """InfluxQL."""

    key, title, plugin = "influxdb", "InfluxDB", "influxdb"

    def series(
        self, table: str, figures: Sequence[Figure], where: Conditions = (), by: str = ""
    ) -> list[Target]:
        return [self._series(table, each, where, by) for each in figures]

    def _series(self, table: str, each: Figure, where: Conditions, by: str) -> Target:
        groups = ["time($interval)", *([tag(table, by)] if by else [])]
        alias = f"$tag_{by}" if by else each.label
        if each.what == "rate":
            query = f"{_rate(table, each, where)} WHERE $timeFilter GROUP BY time($interval) fill(none)"
        else:
            fill = "0" if each.what in {"count", "distinct"} else "none"
            query = _select(
                [_labelled(table, each)], table, where, f"GROUP BY {', '.join(groups)} fill({fill})"
            )
        return _target(query, "time_series", alias)

    def single(self, table: str, figure_: Figure, where: Conditions = ()) -> list[Target]:
        if figure_.what == "rate":
            return [_target(_rate(table, figure_, where))]
        return [_target(_select([_labelled(table, figure_)], table, where))]

    def share(self, table: str, label: str, part: Conditions, *, timed: bool) -> list[Target]:
        groups = "GROUP BY time($interval) fill(0)" if timed else ""
        count = f"COUNT({field(table, _EVERY[table])})"
        # Both queries need both columns: InfluxDB finds no sum of one that its first source does not have.
        parts = _select([f'{count} AS "part"', f'{count} - {count} AS "all"'], table, part, groups)
        all_ = _select([f'{count} - {count} AS "part"', f'{count} AS "all"'], table, (), groups)
        percent = f'100 * SUM("part") / SUM("all") AS "{label}"'
        query = f"SELECT {percent} FROM ({parts}), ({all_}) WHERE $timeFilter"  # noqa: S608 - Grafana sends it
        if timed:
            return [_target(f"{query} GROUP BY time($interval) fill(none)", "time_series", label)]
        return [_target(query)]

    def ranking(
        self,
        table: str,
        by: Mapping[str, str],
        figures: Sequence[Figure],
        where: Conditions = (),
        limit: int = 20,
    ) -> list[Target]:
        chosen = [_labelled(table, each) for each in figures]
        tags = ", ".join(tag(table, name) for name in by)
        return [_target(_select(chosen, table, (*where, *map(Known, by)), f"GROUP BY {tags}"))]

    def rows(
        self, table: str, columns: Mapping[str, str], where: Conditions = (), top: str = "", limit: int = 100
    ) -> list[Target]:
        chosen = {name: f'{any_(table, name)} AS "{label}"' for name, label in columns.items()}
        if not top:
            return [_target(_select([*chosen.values()], table, where, f"ORDER BY time DESC LIMIT {limit}"))]
        chosen[top] = f'TOP({field(table, top)}, {limit}) AS "{columns[top]}"'
        first = [chosen.pop(top), *chosen.values()]
        return [_target(_select(first, table, where))]

    def sorting(self, figure_: Figure, limit: int) -> list[dict[str, Any]]:
        return [
            {"id": "organize", "options": {"excludeByName": {"Time": True, "time": True}}},
            {"id": "sortBy", "options": {"sort": [{"field": figure_.label, "desc": True}]}},
            {"id": "limit", "options": {"limitField": limit}},
        ]

    def sites(self, table: str) -> str:
        return f'SHOW TAG VALUES FROM "{table}" WITH KEY = {tag(table, "site")}'


def _target(query: str, form: str = "table", alias: str = "") -> Target:
    return {"query": query, "rawQuery": True, "resultFormat": form, **({"alias": alias} if alias else {})}


def _select(columns: Sequence[str], table: str, where: Conditions, end: str = "") -> str:
    conditions = ["$timeFilter", f"{tag(table, 'site')} =~ /^${{site:regex}}$/"]
    conditions += [condition(table, each) for each in where]
    parts = ("SELECT", ", ".join(columns), f'FROM "{table}" WHERE', " AND ".join(conditions), end)
    return " ".join(parts).strip()


def _rate(table: str, each: Figure, where: Conditions) -> str:
    """Points a minute: counted by the minute, and the mean of that.

    Over the whole time it must not be asked for the time again: InfluxDB 1.6 has no mean then.
    """
    count = f'COUNT({field(table, _EVERY[table])}) AS "n"'
    minutes = _select([count], table, where, "GROUP BY time(1m) fill(0)")
    mean = f'MEAN("n") AS "{each.label}"'
    return f"SELECT {mean} FROM ({minutes})"  # noqa: S608


def tag(table: str, name: str) -> str:
    """Return a tag.

    Raises:
        UnknownNameError: the storage writes no such tag.
    """
    if name not in TAGS[table]:
        raise UnknownNameError(f"{table} has no tag {name!r}")
    return f'"{name}"'


def field(table: str, name: str) -> str:
    """Return a field; a browser timing has one for each of its values.

    Raises:
        UnknownNameError: the storage writes no such field.
    """
    known = (*TEXTS[table], *FLOATS[table], *INTEGERS[table], *BOOLEANS[table])
    if name not in known and not (table == "timings" and "." in name):
        raise UnknownNameError(f"{table} has no field {name!r}")
    return f'"{name}"'


def any_(table: str, name: str) -> str:
    """Return a tag or a field."""
    return tag(table, name) if name in TAGS[table] else field(table, name)


def condition(table: str, each: Condition) -> str:
    """Return a condition as InfluxQL."""
    if isinstance(each, Status):
        return f"{tag(table, 'status_code')} =~ /^[{''.join(map(str, each.digits))}]/"
    name = any_(table, each.column)
    if isinstance(each, Known):
        return f"{name} != ''"
    is_tag = each.column in TAGS[table]
    return f"({' OR '.join(f'{name} = {_value(value, is_tag)}' for value in each.values)})"


def _value(value: str | bool, is_tag: bool) -> str:
    if isinstance(value, bool):
        return f"'{value}'".lower() if is_tag else str(value).lower()
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _labelled(table: str, each: Figure) -> str:
    factor = f"{each.factor:g} * " if each.factor != 1 else ""
    return f'{factor}{_figure(table, each)} AS "{each.label}"'


def _figure(table: str, each: Figure) -> str:
    name = field(table, each.column or _EVERY[table])
    if each.what in _SIMPLE:
        return f"{_SIMPLE[each.what]}({name})"
    if each.what == "count":
        return f"COUNT({name})"
    if each.what == "distinct":
        return f"COUNT(DISTINCT({name}))"
    if each.what == "ratio":
        return f"SUM({name}) / SUM({field(table, each.other)})"
    if each.what == "difference":
        return f"MEAN({field(table, each.other)}) - MEAN({name})"
    return f"PERCENTILE({name}, {each.what.removeprefix('p')})"
