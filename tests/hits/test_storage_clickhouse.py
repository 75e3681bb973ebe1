"""The clickhouse storage on Debian's ClickHouse 18.16: the contract, and the ways of its own."""

from __future__ import annotations

import itertools
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from django_metrics_statsd.hits.records import EventRecord, HitRecord, TimingRecord
from django_metrics_statsd.hits.storages import Rejected, Unavailable
from django_metrics_statsd.hits.storages.clickhouse import ClickHouseStorage
from django_metrics_statsd.hits.storages.clickhouse_tables import COLUMNS
from tests.hits import samples
from tests.hits.loopback import loopback
from tests.hits.storage_contract import Adapter, StorageContract, _persist
from tests.services.timeseries import ClickHouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_metrics_statsd.hits.records import Record

TABLES: dict[type[Record], str] = {HitRecord: "hits", EventRecord: "events", TimingRecord: "timings"}
_numbers = itertools.count()


class ClickHouseAdapter(Adapter):
    """Reads what ClickHouse has, merged as `FINAL` merges it."""

    bad = samples.hit(status_code=-1)

    def __init__(self, server: ClickHouse, database: str) -> None:
        self.server, self.database = server, database

    def make(self) -> ClickHouseStorage:
        return storage(self.server, hits_db=self.database, events_db=f"{self.database}_events")

    def table(self, kind: type[Record]) -> str:
        return f"{self.database}{'_events' if kind is EventRecord else ''}.{TABLES[kind]}"

    def ids(self, kind: type[Record]) -> list[UUID]:
        """None where there is no table yet."""
        database, table = self.table(kind).split(".")
        if not self.server.query(f"SELECT name FROM system.tables WHERE database='{database}'"):
            return []
        return [UUID(row["id"]) for row in self.server.query(f"SELECT id FROM {database}.{table} FINAL")]

    def expected(self, record: Record) -> dict[str, Any]:
        """18.16 reads a number too small for a normal float as nought."""
        return {name: _normal(value) for name, value in super().expected(record).items()}

    def fields(self, record: Record) -> dict[str, Any]:
        place = f"{self.table(type(record))} FINAL WHERE id = '{record.id}'"
        (row,) = self.server.query(f"SELECT *, toUInt32(time) AS seconds FROM {place}")
        row["time"] = datetime.fromtimestamp(row["seconds"], UTC) + timedelta(microseconds=row["microsecond"])
        if isinstance(record, EventRecord):
            row |= {"groups": tuple(row["groups"]), "data": json.loads(row["data"])}
        if isinstance(record, TimingRecord):
            row["values"] = dict(zip(row["values.name"], row["values.value"], strict=True))
        return row


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _normal(item) for name, item in value.items()}
    return 0.0 if isinstance(value, float) and abs(value) < 1e-307 else value


def storage(server: ClickHouse, **options: Any) -> ClickHouseStorage:
    where = {"host": "127.0.0.1", "port": server.port, "password": server.password, "timeout": 10}
    given = {"type": "clickhouse", **where, **options}
    assert list(ClickHouseStorage.problems("x", given)) == []
    return ClickHouseStorage("x", given)


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    with ClickHouse(tmp_path_factory.mktemp("clickhouse"), password="pass: wörd") as running:
        yield running


@pytest.fixture
def database(clickhouse: ClickHouse) -> Iterator[str]:
    name = f"hits{next(_numbers)}"
    yield name
    for each in (name, f"{name}_events"):
        clickhouse.query(f"DROP DATABASE IF EXISTS {each}")


class AwayAdapter(ClickHouseAdapter):
    @contextmanager
    def away(self) -> Iterator[None]:
        self.server.kill()
        yield
        self.server.start()


@pytest.mark.service
class TestClickHouse(StorageContract):
    @pytest.fixture
    def adapter(self, clickhouse: ClickHouse, database: str) -> Adapter:
        return AwayAdapter(clickhouse, database)


@pytest.mark.service
def test_ten_thousand_hits_written_twice_are_ten_thousand(clickhouse: ClickHouse, database: str) -> None:
    records = samples.hits(10_000, days=20)
    kept = storage(clickhouse, database=database)
    for start in (*range(0, 10_000, 1_000), *range(0, 10_000, 2_500)):
        kept.write(records[start : start + 2_500])
    kept.close()
    totals = "count() AS c, sum(doc_size) AS bytes, uniqExact(id) AS ids"
    (row,) = clickhouse.query(f"SELECT {totals} FROM {database}.hits FINAL")
    assert row == {"c": 10_000, "ids": 10_000, "bytes": sum(record.doc_size for record in records)}
    clickhouse.query(f"OPTIMIZE TABLE {database}.hits FINAL")
    (row,) = clickhouse.query(f"SELECT count() AS c FROM {database}.hits")
    assert row == {"c": 10_000}


@pytest.mark.service
@pytest.mark.parametrize("gzip", [True, False])
def test_bodies_go_with_gzip_or_without(gzip: bool, clickhouse: ClickHouse, database: str) -> None:
    kept = storage(clickhouse, database=database, gzip=gzip)
    kept.write(samples.mixed(9))
    kept.close()
    counts = [clickhouse.query(f"SELECT count() AS c FROM {database}.{table}") for table in COLUMNS]
    assert counts == [[{"c": 3}]] * 3


@pytest.mark.service
def test_a_name_with_odd_characters_is_a_database_too(clickhouse: ClickHouse) -> None:
    name = "our `hits`-\\ é"
    kept = storage(clickhouse, database=name)
    kept.write(samples.hits(3))
    kept.close()
    found = clickhouse.query("SELECT database FROM system.tables WHERE name = 'hits'")
    clickhouse.query("DROP DATABASE `our \\`hits\\`-\\\\ é`")
    assert name in [row["database"] for row in found]


@pytest.mark.service
def test_tables_that_are_not_there_are_named_with_what_to_do(clickhouse: ClickHouse) -> None:
    kept = storage(clickhouse, database="nowhere", create=False)
    with pytest.raises(
        Unavailable, match=r"answered 404: Code: 81, .*create the tables \(docs/files/clickhou"
    ):
        kept.write([samples.hit()])
    kept.close()


@pytest.mark.service
def test_columns_that_a_table_has_not_are_left_out(clickhouse: ClickHouse, database: str) -> None:
    clickhouse.query(f"CREATE DATABASE {database}")
    clickhouse.query(
        f"CREATE TABLE {database}.hits (id String, view LowCardinality(String), time DateTime) "
        "ENGINE = ReplacingMergeTree ORDER BY id",
        allow_experimental_low_cardinality_type=1,
    )
    kept = storage(clickhouse, database=database)
    record = samples.hit()
    kept.write([record])
    kept.close()
    (row,) = clickhouse.query(f"SELECT id, view FROM {database}.hits")
    assert row == {"id": str(record.id), "view": "BookView"}


@pytest.mark.service
@pytest.mark.parametrize("who", [{"password": "s3cret"}, {"user": "nobody", "password": "s3cret"}])
def test_who_may_not_write_is_told_so_without_the_password(
    who: dict[str, str], clickhouse: ClickHouse
) -> None:
    kept = storage(clickhouse, **who)
    with pytest.raises(Unavailable, match=r"answered 401: .*; look at user and password") as caught:
        kept.write([samples.hit()])
    kept.close()
    assert "s3cret" not in str(caught.value)


@pytest.mark.service
def test_a_server_that_hangs_is_given_up_on_and_written_to_when_it_is_back(
    clickhouse: ClickHouse, database: str
) -> None:
    kept = storage(clickhouse, database=database, timeout=0.5)
    records = samples.hits(20)
    _persist(kept, records[:10])
    with clickhouse.hanging(), pytest.raises(Unavailable, match=r"gave no answer within 0\.5 s"):
        kept.write(records)
    _persist(kept, records)
    kept.close()
    (row,) = clickhouse.query(f"SELECT count() AS c FROM {database}.hits FINAL")
    assert row == {"c": 20}


@pytest.mark.service
def test_months_past_the_retention_are_dropped_and_no_others(
    clickhouse: ClickHouse, database: str, settings: Any
) -> None:
    now = samples.hit().time
    records = [samples.hit(time=now - timedelta(days=days)) for days in (0, 29, 70, 400)]
    kept = storage(clickhouse, database=database)
    kept.write(records)
    settings.WT_RETENTION_DAYS = 0
    kept.maintain()
    settings.WT_RETENTION_DAYS = 30
    ours = storage(clickhouse, database=database, create=False)
    ours.maintain()
    ours.close()
    counted = f"SELECT count() AS c FROM {database}.hits"
    assert clickhouse.query(counted) == [{"c": 4}]
    kept.maintain()
    kept.close()
    assert clickhouse.query(counted) == [{"c": 2}]


@pytest.mark.service
def test_months_of_other_databases_are_not_its_business(clickhouse: ClickHouse, database: str) -> None:
    old = samples.hit(time=samples.hit().time - timedelta(days=400))
    other = storage(clickhouse, database=f"{database}_events")
    other.write([old])
    other.close()
    kept = storage(clickhouse, database=database)
    kept.maintain()
    kept.close()
    assert clickhouse.query(f"SELECT count() AS c FROM {database}_events.hits") == [{"c": 1}]


def test_maintenance_that_is_refused_says_what_to_do() -> None:
    text = b"Code: 497, e.displayText() = DB::Exception: Not enough privileges"
    with loopback(status=500, text=text) as server:
        kept = ClickHouseStorage("x", {"type": "clickhouse", "host": "127.0.0.1", "port": server.port})
        with pytest.raises(Unavailable, match="Not enough privileges; look at user and password"):
            kept.maintain()
        kept.close()


def test_a_storage_that_wrote_nothing_can_be_closed() -> None:
    ClickHouseStorage("x", {"type": "clickhouse"}).close()


def test_a_time_that_a_datetime_cannot_be_is_rejected() -> None:
    kept = ClickHouseStorage("x", {"type": "clickhouse", "port": 1})
    for year in (1969, 2107):
        with pytest.raises(Rejected, match=str(year)):
            kept.write([samples.hit(time=datetime(year, 1, 1, tzinfo=UTC), id=samples.hit().id)])


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (500, "Code: 27, e.displayText() = DB::Exception: Cannot parse input", Rejected),
        (400, "Code: 72. DB::Exception: Unsigned type must not contain '-'", Rejected),
        (
            500,
            "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100)",
            Rejected,
        ),
        (413, "", Rejected),
        (500, "Code: 252. DB::Exception: Too many parts (300). Merges are processing slower", Unavailable),
        (500, "Code: 241. DB::Exception: Memory limit (total) exceeded", Unavailable),
        (200, "Code: 241. DB::Exception: Memory limit (total) exceeded", Unavailable),
        (503, "<html>no upstream</html>", Unavailable),
        (307, "", Unavailable),
    ],
)
def test_errors_are_told_apart_by_their_codes(status: int, text: str, kind: type[Exception]) -> None:
    with loopback(status=status, text=text.encode()) as server:
        kept = ClickHouseStorage("x", {"type": "clickhouse", "host": "127.0.0.1", "port": server.port})
        with pytest.raises(kind) as caught:
            kept.write([samples.hit()])
        kept.close()
    assert (text or "no reason given") in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, []),
        ({"host": "h", "port": "8123", "secure": True, "verify_ssl": "/ca.pem"}, []),
        ({"port": 70_000}, ["'port' in WT_DATABASES['x'] is 70000 and must be a whole number from 1 to"]),
        ({"table": "t"}, ["WT_DATABASES['x'] has an option 'table', which is not known."]),
        ({"secure": "yes"}, ["'secure' in WT_DATABASES['x'] is 'yes' and must be True or False"]),
        ({"password": 1}, ["'password' in WT_DATABASES['x'] must be a string"]),
        ({"database": "a", "hits_db": "b"}, ["WT_DATABASES['x'] has both 'database' and 'hits_db'."]),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], said: list[str]) -> None:
    found = list(ClickHouseStorage.problems("x", {"type": "clickhouse", **options}))
    assert [start in message for (message, _), start in zip(found, said, strict=True)] == [True] * len(said)
    assert all(hint for _, hint in found)
    if found:
        with pytest.raises(Unavailable, match="WT_DATABASES"):
            ClickHouseStorage("x", options).write([samples.hit()])
