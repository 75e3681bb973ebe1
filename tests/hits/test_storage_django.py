"""The django storage: the contract on PostgreSQL, MariaDB and SQLite, and the ways of its own."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction

from django_metrics_statsd.hits.models import Event, Hit, Timing
from django_metrics_statsd.hits.pruning import erase
from django_metrics_statsd.hits.storages import Rejected, Unavailable
from django_metrics_statsd.hits.storages.django import DjangoStorage, insert
from django_metrics_statsd.hits.storages.django_rows import SHAPES
from django_metrics_statsd.patches.db import patch
from tests.hits import samples
from tests.hits.database_servers import *  # noqa: F403 - fixtures
from tests.hits.database_servers import DjangoAdapter, FileAdapter
from tests.hits.databases import database
from tests.hits.storage_contract import Adapter, StorageContract
from tests.services.harness import free_port
from tests.services.stores import MariaDB, PostgreSQL

if TYPE_CHECKING:
    from django_metrics_statsd.hits.records import Record
    from tests.conftest import Wire


@pytest.mark.service
class TestPostgreSQL(StorageContract):
    @pytest.fixture
    def adapter(self, pg: str, postgresql_server: PostgreSQL) -> Adapter:
        return DjangoAdapter(pg, postgresql_server)


@pytest.mark.service
class TestMariaDB(StorageContract):
    @pytest.fixture
    def adapter(self, maria: str, mariadb_server: MariaDB) -> Adapter:
        return DjangoAdapter(maria, mariadb_server)


class TestSQLite(StorageContract):
    @pytest.fixture
    def adapter(self, sqlite: str) -> Adapter:
        return FileAdapter(sqlite)


def storage(alias: str, **options: str) -> DjangoStorage:
    return DjangoStorage("x", {"type": "django", "hits_db": alias, **options})


def hits_in(alias: str) -> int:
    return Hit.objects.using(alias).count()


def test_a_row_has_every_column_under_the_fields_name(sqlite: str) -> None:
    for shape in SHAPES:
        assert {field.name for field in shape.model._meta.fields} == set(shape.fields)
        assert all(field.name == field.column for field in shape.model._meta.fields)


def test_events_go_to_a_database_of_their_own(sqlite: str, tmp_path: Path) -> None:
    other = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "events.sqlite3"}
    with database("others", other) as events:
        storage(sqlite, events_db=events).write(samples.mixed(6))
        counts = [(hits_in(at), Timing.objects.using(at).count()) for at in (sqlite, events)]
        assert counts == [(2, 2), (0, 0)]
        assert [Event.objects.using(at).count() for at in (sqlite, events)] == [0, 2]


@pytest.mark.service
@pytest.mark.parametrize("name", [*samples.odd(), *samples.unencodable()])
def test_plain_inserts_keep_what_copy_keeps(name: str, pg: str) -> None:
    """As with psycopg2, which has no COPY that takes rows from Python in this way."""
    record = {**samples.odd(), **samples.unencodable()}[name]
    adapter = DjangoAdapter(pg)
    for _ in range(2):
        insert_plainly(pg, [record, samples.hit()])
    assert StorageContract.assert_keeps(adapter, record) is None


def insert_plainly(alias: str, records: list[Record]) -> None:
    connection = connections[alias]
    for shape in SHAPES:
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            columns = ", ".join(f'"{name}"' for name in shape.fields)
            mine = [each for each in records if type(each) is shape.record]
            insert(connection, cursor, shape, shape.model._meta.db_table, columns, mine)


@pytest.mark.service
@pytest.mark.parametrize("options", [{"server_side_binding": True}, {"pool": True}], ids=str)
def test_it_writes_with_every_way_of_connecting(
    options: dict[str, bool], pg: str, postgresql_server: PostgreSQL
) -> None:
    with database("another", postgresql_server.settings(**options), migrated=False) as alias:
        records = samples.mixed(30)
        storage(alias).write(records)
        storage(alias).write(records)
        assert hits_in(pg) == 10


@pytest.mark.service
def test_a_connection_that_the_server_ended_is_replaced_at_once(
    pg: str, postgresql_server: PostgreSQL
) -> None:
    with database("lasting", {**postgresql_server.settings(), "CONN_MAX_AGE": None}) as alias:
        mine = storage(alias)
        mine.write([samples.hit()])
        kept = connections[alias].connection
        assert kept is not None
        with connections[pg].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [kept.info.backend_pid])
        mine.write([samples.hit()])
        assert connections[alias].connection is not kept
        mine.close()
        assert connections[alias].connection is None
    assert hits_in(pg) == 2


@pytest.mark.service
def test_a_mariadb_connection_that_the_server_ended_is_replaced_at_once(
    maria: str, mariadb_server: MariaDB
) -> None:
    with database("lasting", {**mariadb_server.settings(), "CONN_MAX_AGE": None}) as alias:
        mine = storage(alias)
        mine.write([samples.hit()])
        with connections[maria].cursor() as cursor:
            cursor.execute("KILL %s", [connections[alias].connection.thread_id()])
        mine.write([samples.hit()])
    assert hits_in(maria) == 2


def test_no_connection_outlives_its_age(sqlite: str) -> None:
    storage(sqlite).write([samples.hit()])
    assert connections[sqlite].connection is None


def test_within_a_transaction_of_the_callers_it_is_part_of_that(sqlite: str) -> None:
    with transaction.atomic(using=sqlite):
        mine = storage(sqlite)
        mine.write([samples.hit()])
        mine.close()
        with pytest.raises(Rejected):
            mine.write([samples.hit(status_code=-1)])
        mine.write([samples.hit()])
        assert hits_in(sqlite) == 2
        transaction.set_rollback(True, using=sqlite)
    assert hits_in(sqlite) == 0


@pytest.mark.service
def test_within_a_transaction_of_the_callers_it_knows_what_is_there(pg: str) -> None:
    records = samples.mixed(6)
    with transaction.atomic(using=pg):
        for _ in range(3):
            storage(pg).write(records)
    assert hits_in(pg) == 2


def test_rows_are_not_kept_in_the_log_of_queries(sqlite: str, settings: Any) -> None:
    settings.DEBUG = True
    storage(sqlite).write(samples.mixed(30))
    assert all(len(query["sql"]) < 200 for query in connections[sqlite].queries)


def test_its_queries_are_none_of_the_sites(sqlite: str, wire: Wire) -> None:
    patch.install()
    try:
        storage(sqlite).write(samples.mixed(30))
        storage(sqlite).maintain()
        assert wire.lines() == []
        hits_in(sqlite)
        assert wire.lines() != []
    finally:
        patch.uninstall()


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_times_are_right_in_a_database_with_a_zone(zone: str | None, tmp_path: Path, sqlite: str) -> None:
    own = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "zone.sqlite3", "TIME_ZONE": zone}
    with database("zoned", own) as alias:
        record = samples.hit()
        storage(alias).write([record])
        assert Hit.objects.using(alias).get().time == record.time


def test_times_are_local_where_the_project_does_without_zones(sqlite: str, settings: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, "Asia/Tokyo"
    record = samples.hit()
    storage(sqlite).write([record])
    assert Hit.objects.using(sqlite).get().time == record.time.astimezone(ZoneInfo("Asia/Tokyo")).replace(
        tzinfo=None
    )
    storage(sqlite).maintain()
    assert hits_in(sqlite) == 1


@pytest.mark.parametrize(
    "text", ["", "unix", "1.2.3", "fe80::1%eth0", "::g", "2001:DB8:0::1", "::ffff:1.2.3.4"]
)
def test_an_address_is_written_as_django_writes_it_or_left_out(text: str, sqlite: str) -> None:
    storage(sqlite).write([samples.hit(ip=text)])
    usual = {"2001:DB8:0::1": "2001:db8::1", "::ffff:1.2.3.4": "::ffff:1.2.3.4"}.get(text)
    assert Hit.objects.using(sqlite).get().ip == usual
    assert Hit.objects.using(sqlite).filter(ip=text).exists() is (usual is not None)


def test_data_that_json_cannot_hold_is_rejected(sqlite: str) -> None:
    with pytest.raises(Rejected, match="object"):
        storage(sqlite).write([samples.event(data={"a": object()})])


class TestTrouble:
    """What is to be tried again, and what is said."""

    @pytest.mark.service
    @pytest.mark.parametrize("which", ["pg", "maria", "sqlite"])
    def test_a_missing_table_is_named_with_the_remedy(self, which: str, request: Any) -> None:
        alias = request.getfixturevalue(which)
        with connections[alias].cursor() as cursor:
            cursor.execute("ALTER TABLE metrics_hits_hit RENAME TO gone")
        try:
            with pytest.raises(Unavailable, match=f"run manage.py migrate --database {alias}"):
                storage(alias).write([samples.hit()])
        finally:
            with connections[alias].cursor() as cursor:
                cursor.execute("ALTER TABLE gone RENAME TO metrics_hits_hit")

    @pytest.mark.service
    @pytest.mark.parametrize("which", ["pg", "maria"])
    def test_without_autocommit_rows_are_committed_and_deleted(self, which: str, request: Any) -> None:
        alias = request.getfixturevalue(which)
        entry = {**connections[alias].settings_dict, "AUTOCOMMIT": False}
        record = samples.hit()
        with database("manual", entry, migrated=False):
            kept = storage("manual")
            kept.write([record])
            kept.close()
            assert Hit.objects.using(alias).filter(pk=record.id).exists()
            assert list(erase(Hit.objects.using("manual").filter(pk=record.id), 10)) == [1]
        assert not Hit.objects.using(alias).filter(pk=record.id).exists()

    @pytest.mark.service
    @pytest.mark.parametrize("which", ["pg", "maria", "sqlite"])
    def test_a_missing_column_is_named_with_the_remedy(self, which: str, request: Any) -> None:
        alias = request.getfixturevalue(which)
        with connections[alias].cursor() as cursor:
            cursor.execute("ALTER TABLE metrics_hits_hit RENAME COLUMN city TO town")
        try:
            with pytest.raises(Unavailable, match=f"run manage.py migrate --database {alias}"):
                storage(alias).write([samples.hit()])
        finally:
            with connections[alias].cursor() as cursor:
                cursor.execute("ALTER TABLE metrics_hits_hit RENAME COLUMN town TO city")

    @pytest.mark.service
    @pytest.mark.parametrize("which", ["pg", "maria"])
    @pytest.mark.parametrize(
        "fields",
        [{"path": "x" * 2_000}, {"status_code": -1}, {"status_code": 70_000}, {"request_time": "soon"}],
        ids=str,
    )
    def test_what_a_column_cannot_hold_is_rejected(self, which: str, fields: Any, request: Any) -> None:
        alias = request.getfixturevalue(which)
        with pytest.raises(Rejected):
            storage(alias).write([samples.hit(**fields)])

    @pytest.mark.service
    def test_a_row_too_large_for_an_index_of_the_sites_is_rejected(self, pg: str) -> None:
        noise = "".join(map(chr, random.Random(1).sample(range(0x10000, 0x20000), 1_000)))
        with connections[pg].cursor() as cursor:
            cursor.execute("CREATE INDEX too_narrow ON metrics_hits_hit (path)")
        try:
            with pytest.raises(Rejected, match="too_narrow"):
                storage(pg).write([samples.hit(), samples.hit(path=noise)])
        finally:
            with connections[pg].cursor() as cursor:
                cursor.execute("DROP INDEX too_narrow")

    @pytest.mark.service
    def test_mariadb_without_a_partition_for_a_row_is_unavailable(
        self, maria: str, mariadb_server: MariaDB
    ) -> None:
        with connections[maria].cursor() as cursor:
            cursor.execute("CREATE DATABASE parted CHARACTER SET utf8mb4")
        with database("parted", {**mariadb_server.settings(), "NAME": "parted"}) as alias:
            with connections[alias].cursor() as cursor:
                cursor.execute("ALTER TABLE metrics_hits_hit DROP PRIMARY KEY, ADD PRIMARY KEY (id, time)")
                cursor.execute(
                    "ALTER TABLE metrics_hits_hit PARTITION BY RANGE COLUMNS (time) "
                    "(PARTITION past VALUES LESS THAN ('2020-01-01'))"
                )
            with pytest.raises(Unavailable, match="no partition"):
                storage(alias).write([samples.hit()])
            early = samples.hit(time=datetime(2019, 1, 1, tzinfo=UTC))
            storage(alias).write([early])
            storage(alias).write([early])
            assert hits_in(alias) == 1

    def test_a_number_that_is_too_large_for_sqlite_is_rejected(self, sqlite: str) -> None:
        with pytest.raises(Rejected):
            storage(sqlite).write([samples.hit(doc_size=2**63)])

    @pytest.mark.service
    def test_a_server_that_is_read_only_is_unavailable(self, pg: str, postgresql_server: PostgreSQL) -> None:
        own = postgresql_server.settings(options="-c default_transaction_read_only=on")
        with database("readonly", own, migrated=False) as alias:
            with pytest.raises(Unavailable, match="read-only"):
                storage(alias).write([samples.hit()])

    @pytest.mark.service
    def test_a_user_without_rights_is_unavailable(self, pg: str, postgresql_server: PostgreSQL) -> None:
        with connections[pg].cursor() as cursor:
            cursor.execute("DROP ROLE IF EXISTS nobody")
            cursor.execute("CREATE ROLE nobody LOGIN PASSWORD 'very-secret'")
        own = {**postgresql_server.settings(), "USER": "nobody", "PASSWORD": "very-secret"}
        with database("nobody", own, migrated=False) as alias:
            with pytest.raises(Unavailable, match="permission denied") as caught:
                storage(alias).write([samples.hit()])
            assert "very-secret" not in str(caught.value)

    def test_a_server_that_is_not_there_is_unavailable_and_no_password_is_told(self, sqlite: str) -> None:
        own = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "x",
            "HOST": "127.0.0.1",
            "PORT": free_port(),
            "PASSWORD": "very-secret",
        }
        with database("nowhere", own, migrated=False) as alias:
            with pytest.raises(Unavailable, match="database 'nowhere'") as caught:
                storage(alias).write([samples.hit()])
            assert "very-secret" not in str(caught.value)

    def test_a_locked_file_is_unavailable(self, tmp_path: Path, sqlite: str) -> None:
        file = connections[sqlite].settings_dict["NAME"]
        own = {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "OPTIONS": {"timeout": 0.05}}
        with database("hasty", own, migrated=False) as alias, transaction.atomic(using=sqlite):
            storage(sqlite).write([samples.hit()])
            with pytest.raises(Unavailable, match="locked"):
                storage(alias).write([samples.hit()])


class TestOptions:
    def problems(self, **options: Any) -> list[tuple[str, str]]:
        return list(DjangoStorage.problems("main", {"type": "django", **options}))

    def test_known_databases_are_no_problem(self, sqlite: str) -> None:
        assert self.problems() == []
        assert self.problems(hits_db=sqlite, events_db="default") == []

    @pytest.mark.parametrize("option", ["hits_db", "events_db"])
    def test_an_unknown_database_is_named_beside_the_known_ones(self, option: str) -> None:
        ((message, hint),) = self.problems(**{option: "hist"})
        assert f"WT_DATABASES['main'][{option!r}] is 'hist'" in message
        assert "'default'" in hint

    @pytest.mark.parametrize("value", [7, "", None, ["default"]], ids=str)
    def test_what_is_no_name_of_a_database_is_said_to_be_none(self, value: Any) -> None:
        ((message, _),) = self.problems(hits_db=value)
        assert "'hits_db' in WT_DATABASES['main']" in message

    def test_an_unknown_option_is_named_beside_the_known_ones(self) -> None:
        ((message, hint),) = self.problems(hits_bd="x")
        assert "'hits_bd'" in message
        assert "events_db, hits_db" in hint

    def test_a_database_of_another_kind_is_named(self, sqlite: str) -> None:
        with database("odd", {"ENGINE": "django.db.backends.dummy"}, migrated=False) as alias:
            ((message, hint),) = self.problems(hits_db=alias)
        assert "'unknown'" in message
        assert "PostgreSQL" in hint

    def test_a_database_whose_driver_is_missing_is_named(self, sqlite: str) -> None:
        with database("odd", {"ENGINE": "no.such.backend"}, migrated=False, closing=False) as alias:
            ((message, _),) = self.problems(events_db=alias)
        assert "no.such.backend" in message

    def test_a_database_that_is_not_known_is_unavailable_rather_than_the_records_fault(self) -> None:
        mine = storage("nowhere", events_db="nowhere else")
        with pytest.raises(Unavailable, match="'nowhere'"):
            mine.write([samples.hit()])
        with pytest.raises(Unavailable, match="'nowhere'"):
            mine.maintain()
        mine.close()
