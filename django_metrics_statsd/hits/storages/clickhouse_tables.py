"""The ClickHouse tables of hits, events and browser timings, and the rows that records become in them.

The same on every release from 18.16 on: therefore the time is a ``DateTime`` with the microseconds beside it,
as ``DateTime64`` came later, and the times by name are two arrays, as ``Map`` did.

``ReplacingMergeTree`` keeps one row for each value of the sorting key, which is the same for the same record.
It does so when it merges, some time after an insert: until then a record written twice is there twice. What
has to be counted exactly is read ``FROM hits FINAL``, or counted by ``uniqExact(id)``.
Source: clickhouse.com/docs/engines/table-engines/mergetree-family/replacingmergetree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from django_metrics_statsd.hits.records import EventRecord, Geo, HitRecord, Record, TimingRecord, UserAgent
from django_metrics_statsd.hits.storages.base import Rejected
from django_metrics_statsd.hits.storages.texts import fit

_COMMON = {"id": "UUID", "time": "DateTime('UTC')", "microsecond": "UInt32", "site": "String"}
_HIT = {
    **dict.fromkeys(("method", "path", "route", "module", "view"), "String"),
    "status_code": "UInt16",
    "reason_phrase": "String",
    "request_time": "Float64",
    "doc_size": "UInt64",
    "num_queries": "UInt64",
    "queries_time": "Float64",
    **dict.fromkeys(("ip", "user_agent", "referer", "user"), "String"),
    **dict.fromkeys(("is_authenticated", "is_staff", "is_superuser"), "UInt8"),
}
_AGENT = {
    **dict.fromkeys(("os", "os_version", "browser", "browser_version", "device"), "String"),
    **dict.fromkeys(("is_pc", "is_mobile", "is_tablet", "is_touch", "is_bot"), "UInt8"),
}
_PLACE = {
    **dict.fromkeys(("latitude", "longitude"), "Nullable(Float64)"),
    **dict.fromkeys(("postal_code", "country_code", "country_name", "region", "dma_code", "city"), "String"),
}
_EVENT = {
    **dict.fromkeys(("name", "event_class", "user", "scope"), "String"),
    "groups": "Array(String)",
    **dict.fromkeys(("bucket", "notes", "data", "url", "admin_url", "model", "obj_pk"), "String"),
    **dict.fromkeys(("method", "path", "ip"), "String"),
}
_TIMING = {
    **dict.fromkeys(("client", "route", "device", "country", "connection", "navigation"), "String"),
    "values.name": "Array(String)",
    "values.value": "Array(Float64)",
}
#: Columns and their types, by table.
COLUMNS: dict[str, dict[str, str]] = {
    "hits": {**_COMMON, **_HIT, **_AGENT, **_PLACE},
    "events": {**_COMMON, **_EVENT},
    "timings": {**_COMMON, **_TIMING},
}
_MAX_TIME = 2**32 - 1
_UNKNOWN_AGENT, _UNKNOWN_PLACE = UserAgent(), Geo()


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def create_table(database: str, table: str, days: int = 0) -> str:
    """Return the statement that creates a table where it is not there.

    Args:
        days: after how many the server deletes a row (``TTL``, of 19.6 and later); 0 for never.
    """
    columns = ",\n".join(f"    {quoted(name)} {kind}" for name, kind in COLUMNS[table].items())
    lines = [
        f"CREATE TABLE IF NOT EXISTS {quoted(database)}.{quoted(table)}\n(\n{columns}\n)",
        "ENGINE = ReplacingMergeTree",
        "PARTITION BY toYYYYMM(time)",
        "ORDER BY (time, id)",
    ]
    return "\n".join([*lines, f"TTL time + toIntervalDay({days})"] if days else lines)


def table_of(record: Record) -> str:
    """Return the name of the table that a record goes to."""
    if isinstance(record, HitRecord):
        return "hits"
    return "events" if isinstance(record, EventRecord) else "timings"


def rows(records: Sequence[Record]) -> bytes:
    """Return records of one table as ``JSONEachRow``.

    Raises:
        Rejected: a time is none that a ``DateTime`` can be.
    """
    try:
        found = _encoder.encode_lines([_row(record) for record in records])
    except UnicodeEncodeError:
        return _encoder.encode_lines([_row(fit(record)) for record in records])
    if _NUL not in found:
        return found
    return _encoder.encode_lines([_row(fit(record)) for record in records])


_encoder = msgspec.json.Encoder()
#: How JSON has a NUL, and maybe a backslash before other letters: then the rows are made again for nothing.
_NUL = b"\\u0000"


def _row(record: Record) -> dict[str, Any]:
    if isinstance(record, HitRecord):
        return _hit(record)
    return _event(record) if isinstance(record, EventRecord) else _timing(record)


def _common(record: Record) -> dict[str, Any]:
    seconds = (record.time - _EPOCH) // _SECOND
    if not 0 <= seconds <= _MAX_TIME:
        raise Rejected(f"{record.time.isoformat()} is before 1970 or after 2105, which no DateTime can be")
    return {
        "id": record.id,
        "time": seconds,
        "microsecond": record.time.microsecond,
        "site": record.site,
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def _hit(hit: HitRecord) -> dict[str, Any]:
    row = _common(hit)
    for name in _HIT:
        row[name] = getattr(hit, name)
    for name in _FLAGS:
        row[name] = int(row[name])
    agent = hit.ua or _UNKNOWN_AGENT
    for name in _AGENT:
        row[name] = getattr(agent, name)
    for name in _AGENT_FLAGS:
        row[name] = int(row[name])
    place = hit.geo or _UNKNOWN_PLACE
    for name in _PLACE:
        row[name] = getattr(place, name)
    return row


_FLAGS = tuple(name for name, kind in _HIT.items() if kind == "UInt8")
_AGENT_FLAGS = tuple(name for name, kind in _AGENT.items() if kind == "UInt8")


def _event(event: EventRecord) -> dict[str, Any]:
    row = _common(event)
    for name in _EVENT:
        row[name] = getattr(event, name)
    row["data"] = _encoder.encode(event.data).decode()
    return row


def _timing(timing: TimingRecord) -> dict[str, Any]:
    row = _common(timing)
    for name in _TIMING:
        if "." not in name:
            row[name] = getattr(timing, name)
    row["values.name"] = list(timing.values)
    row["values.value"] = list(timing.values.values())
    return row


def statements(hits_db: str, events_db: str, days: int) -> Iterator[str]:
    """Yield the statements that create the three tables."""
    yield create_table(hits_db, "hits", days)
    yield create_table(hits_db, "timings", days)
    yield create_table(events_db, "events", days)
