"""The documented SQL: on a cluster of Debian's ClickHouse with ZooKeeper, and on a current engine."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.hits.storages.clickhouse import ClickHouseStorage
from django_metrics_statsd.hits.storages.clickhouse_tables import COLUMNS, rows, statements, table_of
from tests.hits import samples
from tests.services.harness import CACHE, ROOT, require, wait_until
from tests.services.timeseries import ClickHouse, ZooKeeper

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from django_metrics_statsd.hits.records import Record

FILES = ROOT / "docs/files"


def documented(name: str) -> list[str]:
    """The statements of a file, without comments."""
    text = re.sub(r"^--.*$", "", (FILES / name).read_text(), flags=re.MULTILINE)
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def test_the_documented_tables_are_those_that_the_storage_creates() -> None:
    database, *tables = documented("clickhouse.sql")
    assert database == "CREATE DATABASE IF NOT EXISTS `metrics`"
    assert tables == list(statements("metrics", "metrics", 30))


_MORE = """
<remote_servers><metrics>{shards}</metrics></remote_servers>
<zookeeper><node><host>127.0.0.1</host><port>{zookeeper}</port></node></zookeeper>
<distributed_ddl><path>/clickhouse/ddl</path></distributed_ddl>
<macros><shard>{shard}</shard><replica>{replica}</replica></macros>
"""
_SHARD = "<shard><internal_replication>true</internal_replication>{replicas}</shard>"
_REPLICA = (
    "<replica><host>127.0.0.1</host><port>{server.tcp}</port><password>{server.password}</password></replica>"
)


@contextmanager
def cluster(folder: Path, shape: Sequence[int]) -> Iterator[list[ClickHouse]]:
    """Servers that form a cluster: so many replicas for each shard."""
    servers = [
        [ClickHouse(folder / f"{s}-{r}", password="pw") for r in range(n)] for s, n in enumerate(shape)
    ]
    shards = "".join(
        _SHARD.format(replicas="".join(_REPLICA.format(server=server) for server in shard))
        for shard in servers
    )
    with ExitStack() as stack:
        zookeeper = stack.enter_context(ZooKeeper(folder / "zookeeper"))
        for s, shard in enumerate(servers):
            for r, server in enumerate(shard):
                server.more = _MORE.format(shards=shards, zookeeper=zookeeper.port, shard=s, replica=r)
                stack.enter_context(server)
        started = [server for shard in servers for server in shard]
        for statement in documented("clickhouse_cluster.sql"):
            if "TTL" not in statement:  # which 18.16 has not
                started[0].query(statement)
        yield started


def to_cluster(server: ClickHouse) -> ClickHouseStorage:
    where = {"host": "127.0.0.1", "port": server.port, "password": server.password, "timeout": 20}
    return ClickHouseStorage("x", {"type": "clickhouse", **where, "database": "metrics", "create": False})


@pytest.mark.service
def test_replicas_have_every_record_once_and_stand_in_for_each_other(tmp_path: Path) -> None:
    records = [*samples.hits(500), *samples.mixed(30)]
    with cluster(tmp_path, [2]) as (first, second):
        for table, columns in COLUMNS.items():
            kept = {row["name"]: row["type"] for row in second.query(f"DESCRIBE TABLE metrics.{table}")}
            assert kept == columns
        for server in (first, second):
            storage = to_cluster(server)
            storage.write(records)
            storage.close()
        everywhere = {"hits": 510, "events": 10, "timings": 10}
        wait_until(lambda: counts(first) == counts(second) == everywhere, "both to have all of it")
        first.stop()
        assert counts(second) == everywhere
        more = samples.hits(100)
        storage = to_cluster(second)
        storage.write(more)
        storage.close()
        first.start()
        wait_until(lambda: counts(first) == counts(second) == everywhere | {"hits": 610}, "it to catch up")


def counts(server: ClickHouse, suffix: str = "") -> dict[str, int]:
    """How many rows each table has, merged."""
    return {
        table: server.query(f"SELECT count() AS c FROM metrics.{table}{suffix} FINAL")[0]["c"]
        for table in COLUMNS
    }


@pytest.mark.service
def test_shards_share_the_records_and_each_is_there_once(tmp_path: Path) -> None:
    records = samples.hits(1_000)
    with cluster(tmp_path, [1, 1]) as servers:
        for server in servers:
            storage = to_cluster(server)
            storage.write(records)
            storage.close()
        assert [counts(server)["hits"] for server in servers] == [1_000, 1_000]
        parts = [counts(server, "_local")["hits"] for server in servers]
    assert sum(parts) == 1_000
    assert min(parts) > 300


_CHDB = """
import json, sys
from chdb.session import Session
session = Session()
for sql, wanted in json.load(sys.stdin):
    answer = str(session.query(sql, "JSONEachRow"))
    if wanted:
        print(json.dumps([json.loads(line) for line in answer.split("\\n") if line]))
"""


def in_chdb(*sql: str) -> list[list[dict[str, Any]]]:
    """Have a new engine do all of these; the answers of those that begin with SELECT or SHOW."""
    python = require("chdb", CACHE / "chdb" / "bin" / "python")
    asked = json.dumps([(each, each.startswith(("SELECT", "SHOW"))) for each in sql])
    done = subprocess.run([python, "-c", _CHDB], input=asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def inserts(records: Sequence[Record]) -> Iterator[str]:
    for table in COLUMNS:
        group = [record for record in records if table_of(record) == table]
        settings = "SETTINGS input_format_skip_unknown_fields = 1, insert_distributed_sync = 1"
        yield f"INSERT INTO metrics.{table} {settings} FORMAT JSONEachRow {rows(group).decode()}"


@pytest.mark.service
def test_the_tables_and_rows_of_today_are_good_for_a_current_engine() -> None:
    odd = [*samples.odd().values(), *samples.unencodable().values()]
    recent = [record for record in odd if record.time.year > 1970]  # the others have outlived their TTL
    records = [*samples.hits(200), *samples.mixed(30), *recent]
    selected = [f"SELECT count() AS c, uniqExact(id) AS ids FROM metrics.{table} FINAL" for table in COLUMNS]
    *found, version, table = in_chdb(
        *documented("clickhouse.sql"),
        *inserts(records),
        *inserts(records),
        *selected,
        "SELECT version() AS version",
        "SHOW CREATE TABLE metrics.hits",
    )
    kinds = [table_of(record) for record in records]
    assert found == [[{"c": kinds.count(table), "ids": kinds.count(table)}] for table in COLUMNS]
    assert int(version[0]["version"].split(".")[0]) >= 26
    assert "TTL time + toIntervalDay(30)" in table[0]["statement"]


@pytest.mark.service
def test_what_a_current_engine_kept_is_what_was_written() -> None:
    record = samples.odd()["the largest numbers"]
    event, timing = samples.odd()["an event with odd data"], samples.odd()["a timing with odd values"]
    hits, events, timings = in_chdb(
        *documented("clickhouse.sql"),
        *inserts([record, event, timing]),
        *(f"SELECT * FROM metrics.{table}" for table in COLUMNS),
    )
    assert hits[0]["doc_size"] == record.doc_size  # type: ignore[union-attr]
    assert json.loads(events[0]["data"]) == event.data  # type: ignore[union-attr]
    values = dict(zip(timings[0]["values.name"], timings[0]["values.value"], strict=True))
    assert values == timing.values  # type: ignore[union-attr]


@pytest.mark.service
def test_a_current_engine_can_read_the_statements_for_a_cluster() -> None:
    assert in_chdb(*(f"EXPLAIN AST {statement}" for statement in documented("clickhouse_cluster.sql"))) == []
