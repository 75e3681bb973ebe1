"""The influxdb storage on InfluxDB 1.6: the contract, and the ways of its own."""

from __future__ import annotations

import itertools
import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_metrics_statsd.hits import ids
from django_metrics_statsd.hits.delivering import deliver
from django_metrics_statsd.hits.records import EventRecord, HitRecord, TimingRecord
from django_metrics_statsd.hits.storages import Rejected, Unavailable
from django_metrics_statsd.hits.storages import influxdb as module
from django_metrics_statsd.hits.storages.influxdb import InfluxStorage, bodies
from tests.hits import samples
from tests.hits.storage_contract import Adapter, StorageContract, _persist
from tests.services.harness import require
from tests.services.timeseries import InfluxDB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from django_metrics_statsd.hits.records import Record

pytestmark = pytest.mark.service

MEASUREMENTS: dict[type[Record], str] = {HitRecord: "hits", EventRecord: "events", TimingRecord: "timings"}
_numbers = itertools.count()
_NUMERIC_TAGS = {"status_code": int, "is_authenticated": json.loads, "is_bot": json.loads}


class InfluxAdapter(Adapter):
    """Reads what InfluxDB has back by its query API."""

    bad = samples.hit(doc_size=2**63)
    #: The point's time is that of the id.
    skipped_fields = frozenset({"time"})

    def __init__(self, server: InfluxDB, database: str) -> None:
        self.server, self.database = server, database

    def make(self) -> InfluxStorage:
        return storage(self.server, hits_db=self.database)

    def measurement(self, kind: type[Record]) -> str:
        return MEASUREMENTS[kind]

    def ids(self, kind: type[Record]) -> list[UUID]:
        rows = self.server.query(f"SELECT id FROM {self.measurement(kind)}", self.database)
        return [UUID(row["id"]) for row in rows]

    def expected(self, record: Record) -> dict[str, Any]:
        found = super().expected(record)
        for name, value in found.items():
            if isinstance(value, str):
                found[name] = value.replace("\n", "\\n")
        return found

    def fields(self, record: Record) -> dict[str, Any]:
        statement = f"SELECT * FROM {self.measurement(type(record))} WHERE id = '{record.id}'"
        (row,) = self.server.query(statement, self.database)
        assert row["time"] == ids.nanoseconds(record.id)
        found = dict(_read(row))
        if isinstance(record, TimingRecord):
            values = {name: value for name, value in found.items() if "." in name}
            found["values"] = {name.removeprefix("values."): value for name, value in values.items()}
        defaults = _defaults(record)
        return defaults | found


def _read(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A row's values as a record has them."""
    for name, value in row.items():
        if value is None:
            continue
        if f"{name}_text" in row:
            value = row[f"{name}_text"] or value
        if name in {"groups", "data"}:
            value = json.loads(value)
        yield name, tuple(value) if name == "groups" else _NUMERIC_TAGS.get(name, _same)(value)


def _same(value: Any) -> Any:
    return value


def _defaults(record: Record) -> dict[str, Any]:
    """What is not written: empty texts and what is not known."""
    place = dict.fromkeys(("latitude", "longitude"))
    agent = dict.fromkeys(("is_pc", "is_mobile", "is_tablet", "is_touch", "is_bot"), False)
    wanted = Adapter.expected(InfluxAdapter.__new__(InfluxAdapter), record)
    texts = {name: "" for name, value in wanted.items() if isinstance(value, str)}
    return {**place, **agent, **texts, "groups": (), "data": {}}


def storage(server: InfluxDB, **options: Any) -> InfluxStorage:
    given = {"type": "influxdb", "host": "127.0.0.1", "port": server.port, "timeout": 5, **options}
    assert list(InfluxStorage.problems("x", given)) == []
    return InfluxStorage("x", given)


@pytest.fixture(scope="session")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with InfluxDB(tmp_path_factory.mktemp("influxdb")) as running:
        yield running


@pytest.fixture
def database(influxdb: InfluxDB) -> Iterator[str]:
    name = f"hits{next(_numbers)}"
    influxdb.query(f"CREATE DATABASE {name}")
    yield name
    influxdb.query(f"DROP DATABASE {name}")


class AwayAdapter(InfluxAdapter):
    @contextmanager
    def away(self) -> Iterator[None]:
        self.server.stop()
        yield
        self.server.start()


class TestInfluxDB(StorageContract):
    @pytest.fixture
    def adapter(self, influxdb: InfluxDB, database: str) -> Adapter:
        return AwayAdapter(influxdb, database)


class TestGuardedInfluxDB(StorageContract):
    """The same over the 1.x API with a user, a retention policy and bodies as they are."""

    @pytest.fixture
    def adapter(self, guarded: InfluxDB) -> Iterator[Adapter]:
        name = f"hits{next(_numbers)}"
        guarded.query(f"CREATE DATABASE {name}")
        guarded.query(f"CREATE RETENTION POLICY short ON {name} DURATION 52w REPLICATION 1")
        yield GuardedAdapter(guarded, name)
        guarded.query(f"DROP DATABASE {name}")


class GuardedAdapter(AwayAdapter):
    def make(self) -> InfluxStorage:
        return storage(
            self.server,
            user="admin",
            password="admin word",
            hits_db=self.database,
            retention_policy="short",
            gzip=False,
            prefix="web.",
        )

    def measurement(self, kind: type[Record]) -> str:
        return f'short."web.{MEASUREMENTS[kind]}"'


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with InfluxDB(tmp_path_factory.mktemp("guarded"), auth=True) as running:
        yield running


def test_ten_thousand_hits_written_twice_are_ten_thousand(influxdb: InfluxDB, database: str) -> None:
    records = samples.hits(10_000)
    kept = storage(influxdb, hits_db=database)
    for start in (*range(0, 10_000, 1_000), *range(0, 10_000, 2_500)):
        kept.write(records[start : start + 2_500])
    kept.close()
    (row,) = influxdb.query("SELECT count(id), sum(doc_size), count(request_time) FROM hits", database)
    assert (row["count"], row["count_1"]) == (10_000, 10_000)
    assert row["sum"] == sum(record.doc_size for record in records)


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(texts=st.lists(st.text(max_size=50), min_size=40, max_size=60))
def test_any_text_comes_back_as_it_went(texts: list[str], influxdb: InfluxDB) -> None:
    adapter = InfluxAdapter(influxdb, "texts")
    kept = storage(influxdb, hits_db="texts", create=True)
    records = [samples.hit(path=text, view=text, user=text[::-1]) for text in texts]
    kept.write(records)
    kept.close()
    StorageContract.assert_has(adapter, *records)
    for record in records:
        StorageContract.assert_keeps(adapter, record)
    influxdb.query("DROP DATABASE texts")


def test_events_go_to_their_own_database(influxdb: InfluxDB, database: str) -> None:
    events = f'{database} "events"'
    kept = storage(influxdb, hits_db=database, events_db=events, create=True)
    kept.write(samples.mixed(6))
    kept.close()
    counts = []
    for name in (database, events):
        found = influxdb.query("SELECT count(id) FROM hits, events, timings", name)
        counts.append(sum(row["count"] for row in found))
    assert counts == [4, 2]
    influxdb.query(f'DROP DATABASE "{database} \\"events\\""')


def test_a_database_that_is_not_there_is_named_with_what_to_do(influxdb: InfluxDB) -> None:
    kept = storage(influxdb, hits_db="nowhere")
    with pytest.raises(Unavailable) as caught:
        kept.write([samples.hit()])
    kept.close()
    assert str(caught.value) == (
        f'{influxdb.url} answered 404: database not found: "nowhere"; '
        "create it with CREATE DATABASE \"nowhere\", or set 'create': True"
    )


@pytest.mark.parametrize(("days", "duration"), [(30, "720h0m0s"), (0, "0s")])
def test_a_created_database_keeps_points_as_long_as_hits_are_kept(
    days: int, duration: str, influxdb: InfluxDB, settings: Any
) -> None:
    settings.WT_RETENTION_DAYS = days
    name = f"made{next(_numbers)}"
    kept = storage(influxdb, hits_db=name, create=True)
    kept.write(samples.hits(10))
    kept.close()
    (policy,) = influxdb.query(f"SHOW RETENTION POLICIES ON {name}")
    (row,) = influxdb.query("SELECT count(id) FROM hits", name)
    assert (policy["duration"], row["count"]) == (duration, 10)
    influxdb.query(f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({}, "answered 401: unable to parse authentication credentials; look at user and password"),
        ({"user": "admin", "password": "not this"}, "answered 401: authorization failed; look at user"),
        (
            {"user": "reader", "password": "reads only"},
            "; look at user and password, and what they may write",
        ),
    ],
)
def test_who_may_not_write_is_told_so_without_the_password(
    who: dict[str, str], said: str, guarded: InfluxDB
) -> None:
    guarded.query("CREATE DATABASE others")
    guarded.query("CREATE USER reader WITH PASSWORD 'reads only'")
    guarded.query("GRANT READ ON others TO reader")
    kept = storage(guarded, hits_db="others", **who)
    with pytest.raises(Unavailable) as caught:
        kept.write([samples.hit()])
    kept.close()
    guarded.query("DROP USER reader")
    guarded.query("DROP DATABASE others")
    assert said in str(caught.value)
    assert who.get("password", "nothing") not in str(caught.value)


def test_a_user_who_may_not_create_is_told_so(guarded: InfluxDB) -> None:
    guarded.query("CREATE DATABASE other")
    guarded.query("CREATE USER writer WITH PASSWORD 'writes'")
    guarded.query("GRANT ALL ON other TO writer")
    kept = storage(guarded, hits_db="hits", create=True, user="writer", password="writes")
    with pytest.raises(Unavailable, match="answered 403"):
        kept.write([samples.hit()])
    kept.close()
    guarded.query("DROP USER writer")
    guarded.query("DROP DATABASE other")


def test_a_server_that_hangs_is_given_up_on_and_written_to_when_it_is_back(
    influxdb: InfluxDB, database: str
) -> None:
    kept = storage(influxdb, hits_db=database, timeout=0.3)
    records = samples.hits(20)
    _persist(kept, records[:10])
    with influxdb.hanging(), pytest.raises(Unavailable, match=r"gave no answer within 0\.3 s"):
        kept.write(records)
    _persist(kept, records)
    kept.close()
    (row,) = influxdb.query("SELECT count(id) FROM hits", database)
    assert row["count"] == 20


def test_a_server_that_was_killed_has_everything_when_it_is_back(influxdb: InfluxDB, database: str) -> None:
    kept = storage(influxdb, hits_db=database)
    records = samples.hits(20)
    kept.write(records[:10])
    influxdb.kill()
    with pytest.raises(Unavailable, match="Connection refused"):
        kept.write(records)
    influxdb.start()
    kept.write(records)
    kept.close()
    (row,) = influxdb.query("SELECT count(id) FROM hits", database)
    assert row["count"] == 20


def test_a_restart_between_two_writes_is_not_even_noticed(influxdb: InfluxDB, database: str) -> None:
    kept = storage(influxdb, hits_db=database)
    kept.write(samples.hits(10))
    influxdb.stop()
    influxdb.start()
    kept.write(samples.hits(10))
    kept.close()
    (row,) = influxdb.query("SELECT count(id) FROM hits", database)
    assert row["count"] == 20


def test_a_field_of_another_type_is_refused_and_the_others_are_kept(
    influxdb: InfluxDB, database: str
) -> None:
    kept = storage(influxdb, hits_db=database)
    other = samples.timing(values={"timing.other": 1.0})
    kept.write([other])
    bad = samples.timing(values={"timing.other": 1.0})
    records = [*samples.hits(20), bad, *samples.mixed(21)]
    refused = []
    good_line = kept._lines

    def lines(record: Record) -> bytes:
        line = good_line(record)
        return line.replace(b"timing.other=1.0", b'timing.other="text"') if record is bad else line

    kept._lines = lines  # type: ignore[assignment]
    with pytest.raises(Rejected, match="field type conflict"):
        kept.write(records)
    deliver(kept, records, lambda record, reason: refused.append(record))
    kept.close()
    assert refused == [bad]
    found = influxdb.query("SELECT count(id) FROM hits, events, timings", database)
    assert sorted(row["count"] for row in found) == [7, 8, 27]


def test_it_speaks_tls_and_looks_at_the_certificate(tmp_path: Path, certificate: Path) -> None:
    with InfluxDB(tmp_path / "tls", certificate=certificate) as server:
        options = {"ssl": True, "hits_db": "hits", "create": True, "host": "localhost"}
        believed = storage(server, verify_ssl=str(certificate), **options)
        believed.write([samples.hit()])
        believed.close()
        unchecked = storage(server, verify_ssl=False, **options)
        unchecked.write([samples.hit()])
        unchecked.close()
        strange = storage(server, **options)
        with pytest.raises(Unavailable, match="certificate verify failed"):
            strange.write([samples.hit()])
        plain = storage(server, **(options | {"ssl": False}))
        with pytest.raises(Unavailable, match=r"answered 400: Client sent an HTTP|Connection reset"):
            plain.write([samples.hit()])
        plain.close()
        lost = storage(server, verify_ssl=str(tmp_path / "none.pem"), **options)
        with pytest.raises(Unavailable, match="No such file"):
            lost.write([samples.hit()])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for localhost that signs itself."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [
        *(require("OpenSSL", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        *("-keyout", str(file), "-out", str(file.with_suffix(".crt"))),
    ]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + file.with_suffix(".crt").read_text())
    return file


def test_bodies_are_bounded_in_lines_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINES", 3)
    monkeypatch.setattr(module, "MAX_BYTES", 20)
    assert list(bodies([])) == []
    assert list(bodies([b"a"] * 7)) == [b"a\na\na", b"a\na\na", b"a"]
    assert list(bodies([b"a" * 8] * 5)) == [b"aaaaaaaa\naaaaaaaa"] * 2 + [b"aaaaaaaa"]
    assert list(bodies([b"a" * 90, b"b", b"c" * 90])) == [b"a" * 90, b"b", b"c" * 90]


def test_a_large_batch_goes_in_several_requests(
    influxdb: InfluxDB, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 5_000)
    kept = storage(influxdb, hits_db=database)
    kept.write(samples.hits(200))
    kept.close()
    (row,) = influxdb.query("SELECT count(id) FROM hits", database)
    assert row["count"] == 200
