"""Hits and events in ClickHouse, over its HTTP interface, as ``JSONEachRow``.

Plain HTTP: an insert is one POST, and clickhouse-connect (1.12) cannot connect to a server as old as 18.16.
Retries are harmless: see `clickhouse_tables`.

Sources: clickhouse.com/docs/interfaces/http for the requests; src/Common/ErrorCodes.cpp for the codes, which
every error's text begins with (``Code: 60, …``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django_metrics_statsd import kinds
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages import options as reading
from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable
from django_metrics_statsd.hits.storages.clickhouse_tables import quoted, rows, statements, table_of
from django_metrics_statsd.hits.storages.http import Answer, Link, Server, basic, brief, compressed
from django_metrics_statsd.kinds import Kind

OPTIONS: dict[str, Kind[Any]] = {
    "host": reading.HOST,
    "port": reading.PORT,
    "user": reading.PLAIN,
    "password": reading.PLAIN,
    "secure": kinds.BOOLEAN,
    "verify_ssl": reading.VERIFY,
    "timeout": reading.TIMEOUT,
    "gzip": kinds.BOOLEAN,
    "database": reading.NAME,
    "hits_db": reading.NAME,
    "events_db": reading.NAME,
    "create": kinds.BOOLEAN,
}
_DEFAULTS: dict[str, Any] = {
    "host": "localhost",
    "user": "default",
    "password": "",
    "secure": False,
    "verify_ssl": True,
    "timeout": 10.0,
    "gzip": True,
    "database": "default",
    "create": True,
}
_PORTS = {False: 8123, True: 8443}

#: Settings of each insert: columns that an administrator's table has not are left out, and a Distributed
#: table answers when the rows are in the shards, not when they wait in the server that was asked.
_INSERT = {"input_format_skip_unknown_fields": "1", "insert_distributed_sync": "1"}

#: A partition of our tables.
_MONTH = re.compile(r"[0-9]{6}")
_CODE = re.compile(r"Code: (\d+)")
_NO_TABLE, _NO_DATABASE = 60, 81
_NO_ENTRY = frozenset({192, 193, 194, 497, 516})
#: What a row can be refused for: it cannot be parsed, or it is out of the column's range or constraints.
_REFUSED = frozenset(
    {6, 25, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 131, 321, 376, 441, 467, 469, 675, 676}
)
#: Code 252 also stands for merges that cannot keep up, which passes. This does not: fewer rows are needed.
_TOO_MANY_MONTHS = "Too many partitions for single INSERT block"
#: The first release with TTL for tables.
_TTL_SINCE = (19, 6)


class ClickHouseStorage(Storage):
    """Inserts rows; a record written twice is one row once the table is merged."""

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, options)
        self._link: Link | None = None

    def write(self, records: Sequence[Record]) -> None:
        link = self._ready()
        by_table: dict[str, list[Record]] = {}
        for record in records:
            by_table.setdefault(table_of(record), []).append(record)
        for table, group in by_table.items():
            self._insert(link, table, rows(group))

    def _ready(self) -> Link:
        """Read the options, the first time; wrong ones, which ``manage.py check`` has named, stay wrong."""
        if self._link is None:
            for message, hint in self.problems(self.alias, self.options):
                raise Unavailable(f"{message} {hint}")
            self._read = read = reading.cleaned(self.options, OPTIONS, _DEFAULTS)
            self._hits_db = read.get("hits_db", read["database"])
            self._databases = {"hits": self._hits_db, "timings": self._hits_db}
            self._databases["events"] = read.get("events_db", self._hits_db)
            self._link = Link(_server(read), _headers(read), [read["password"]])
        return self._link

    def _insert(self, link: Link, table: str, body: bytes) -> None:
        statement = f"INSERT INTO {self._full_name(table)} FORMAT JSONEachRow"
        answer = self._ask(link, statement, body, _INSERT)
        if self._read["create"] and _code(answer) in {_NO_TABLE, _NO_DATABASE}:
            self._create(link, database_too=_code(answer) == _NO_DATABASE)
            answer = self._ask(link, statement, body, _INSERT)
        self._judge(link, answer)

    def _full_name(self, table: str) -> str:
        return f"{quoted(self._databases[table])}.{quoted(table)}"

    def _ask(
        self, link: Link, statement: str, body: bytes = b"", settings: Mapping[str, str] | None = None
    ) -> Answer:
        headers = {"Content-Encoding": "gzip"} if body and self._read["gzip"] else {}
        query = urlencode({"query": statement, **(settings or {})})
        return link.post(f"/?{query}", compressed(body) if headers else body, headers)

    def _judge(self, link: Link, answer: Answer) -> None:
        """Raise what an answer means, unless it is success."""
        code = _code(answer)
        if answer.status == 200 and code is None:
            return
        if code in _REFUSED or _TOO_MANY_MONTHS in answer.text or answer.status == 413:
            raise Rejected(f"{link.server} refuses it: {brief(answer.text)}")
        raise Unavailable(f"{link.server} answered {answer.status}: {brief(answer.text)}{_advice(code)}")

    def _do(self, link: Link, statement: str) -> str:
        """Have a statement executed; return its result."""
        answer = self._ask(link, statement)
        code = _code(answer)
        if answer.status != 200 or code is not None:
            raise Unavailable(f"{link.server} answered {answer.status}: {brief(answer.text)}{_advice(code)}")
        return answer.text

    def _create(self, link: Link, database_too: bool) -> None:
        """Create what is not there; rows go after ``WT_RETENTION_DAYS`` where the server knows TTL."""
        databases = sorted(set(self._databases.values())) if database_too else []
        for database in databases:
            self._do(link, f"CREATE DATABASE IF NOT EXISTS {quoted(database)}")
        known = _numbers(self._do(link, "SELECT version()")) >= _TTL_SINCE
        days = conf.WT_RETENTION_DAYS if known else 0
        for statement in statements(self._hits_db, self._databases["events"], days):
            self._do(link, statement)

    def maintain(self) -> None:
        """Drop months that are older than ``WT_RETENTION_DAYS``, if the tables are ours to look after."""
        link = self._ready()
        if not self._read["create"] or not conf.WT_RETENTION_DAYS:
            return
        oldest = datetime.now(UTC) - timedelta(days=conf.WT_RETENTION_DAYS)
        for table, partition in self._partitions(link):
            if partition < f"{oldest:%Y%m}":
                self._do(link, f"ALTER TABLE {self._full_name(table)} DROP PARTITION {partition}")

    def _partitions(self, link: Link) -> Iterator[tuple[str, str]]:
        found = self._do(
            link,
            "SELECT DISTINCT database, table, partition FROM system.parts "
            "WHERE active AND table IN ('hits', 'events', 'timings') AND (database, table) IN "
            "(SELECT database, name FROM system.tables WHERE partition_key = 'toYYYYMM(time)') "
            "ORDER BY partition LIMIT 200 "
            "FORMAT JSONEachRow",
        )
        for line in found.splitlines():
            part = json.loads(line)
            if self._databases[part["table"]] == part["database"] and _MONTH.fullmatch(part["partition"]):
                yield part["table"], part["partition"]

    def close(self) -> None:
        if self._link is not None:
            self._link.close()

    @classmethod
    def problems(cls, alias: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        yield from reading.wrong(alias, options, OPTIONS)
        if "database" in options and "hits_db" in options:
            yield (
                f"WT_DATABASES[{alias!r}] has both 'database' and 'hits_db'.",
                "Write 'database' for all tables, or 'hits_db' and 'events_db'.",
            )


def _server(read: Mapping[str, Any]) -> Server:
    secure = read["secure"]
    port = read.get("port", _PORTS[secure])
    return Server(read["host"], port, secure, verify=read["verify_ssl"], timeout=read["timeout"])


def _headers(read: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": basic(read["user"], read["password"])}


def _code(answer: Answer) -> int | None:
    """Return the number of the error that an answer tells."""
    found = _CODE.search(answer.text)
    return int(found[1]) if found and (answer.status != 200 or "DB::Exception" in answer.text) else None


def _advice(code: int | None) -> str:
    if code in _NO_ENTRY:
        return "; look at user and password, and what the user may do"
    if code in {_NO_TABLE, _NO_DATABASE}:
        return "; create the tables (docs/files/clickhouse.sql), or leave 'create' at True"
    return ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
