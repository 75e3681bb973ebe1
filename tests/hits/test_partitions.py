"""``docs/files/hits_partitions.sql`` on a real PostgreSQL, and the storage on what it makes."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import connections

from django_metrics_statsd.hits.models import Hit
from django_metrics_statsd.hits.storages import Unavailable
from django_metrics_statsd.hits.storages.django import DjangoStorage
from tests.hits import samples
from tests.hits.database_servers import *  # noqa: F403 - fixtures
from tests.hits.database_servers import DjangoAdapter
from tests.hits.databases import database
from tests.hits.storage_contract import Adapter, StorageContract
from tests.services.harness import ROOT, environment, require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_metrics_statsd.hits.records import HitRecord
    from tests.services.stores import PostgreSQL

pytestmark = pytest.mark.service
FILE = ROOT / "docs" / "files" / "hits_partitions.sql"


class Parts(NamedTuple):
    """A database in parts, its settings, when it was made, and hits from before."""

    alias: str
    settings: dict[str, Any]
    now: datetime
    old: list[HitRecord]


@pytest.fixture(scope="module")
def partitioned(postgresql_server: PostgreSQL, django_db_blocker: Any) -> Parts:
    """A database with the recipe applied to a table that had hits already."""
    now = datetime.now(UTC)
    old = [samples.hit(time=now - timedelta(days=number)) for number in (1, 40)]
    settings: dict[str, Any] = {**postgresql_server.settings(), "NAME": "partitioned"}
    with django_db_blocker.unblock():
        psql(postgresql_server, "postgres", "--command", "CREATE DATABASE partitioned")
        with database("partitioned", settings) as alias:
            DjangoStorage("x", {"hits_db": alias}).write([*old, samples.hit(time=now + timedelta(days=2))])
        psql(postgresql_server, "partitioned", "--file", str(FILE))
    return Parts(alias, settings, now, old)


def psql(server: PostgreSQL, name: str, *arguments: str) -> None:
    command = [require("psql", "psql"), "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]
    done = subprocess.run(
        [*command, "--set", "ON_ERROR_STOP=1", "--quiet", *arguments, name],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def parts(partitioned: Parts, django_db_blocker: Any) -> Iterator[str]:
    with (
        django_db_blocker.unblock(),
        database(partitioned.alias, partitioned.settings, migrated=False) as alias,
    ):
        yield alias


@pytest.fixture
def empty_parts(parts: str) -> str:
    ask(parts, "TRUNCATE metrics_hits_hit, metrics_hits_event, metrics_hits_timing")
    return parts


def ask(alias: str, sql: str, *values: Any) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def place_of(alias: str, record: Any) -> str:
    ((found,),) = ask(alias, "SELECT tableoid::regclass::text FROM metrics_hits_hit WHERE id = %s", record.id)
    return str(found)


class TestContract(StorageContract):
    """The storage keeps every promise on a table with partitions too."""

    @pytest.fixture
    def adapter(self, empty_parts: str, postgresql_server: PostgreSQL) -> Adapter:
        return DjangoAdapter(empty_parts, postgresql_server)


def test_hits_go_to_the_partition_of_their_day(parts: str, partitioned: Parts) -> None:
    tomorrow, never = (
        samples.hit(time=partitioned.now + timedelta(days=1)),
        samples.hit(time=partitioned.now + timedelta(days=400)),
    )
    DjangoStorage("x", {"hits_db": parts}).write([*partitioned.old, tomorrow, never])
    assert place_of(parts, tomorrow) == f"metrics_hits_hit_{tomorrow.time:%Y%m%d}"
    assert place_of(parts, never) == "metrics_hits_hit_default"
    assert {place_of(parts, record) for record in partitioned.old} == {"metrics_hits_hit_before"}


def test_partitions_can_be_made_again_and_take_strays_along(parts: str, partitioned: Parts) -> None:
    stray = samples.hit(time=partitioned.now + timedelta(days=30))
    DjangoStorage("x", {"hits_db": parts}).write([stray])
    assert place_of(parts, stray) == "metrics_hits_hit_default"
    ((made,),) = ask(parts, "SELECT metrics_hits_make_partitions(%s, 2)", stray.time.date())
    assert made == 2
    assert place_of(parts, stray) == f"metrics_hits_hit_{stray.time:%Y%m%d}"
    assert ask(parts, "SELECT metrics_hits_make_partitions(current_date - 3, 10)") == [(0,)]


def test_a_plan_for_a_day_looks_at_that_day_alone(parts: str, partitioned: Parts) -> None:
    day = partitioned.now + timedelta(days=3)
    rows = Hit.objects.using(parts).filter(time__range=(day, day + timedelta(seconds=1)))
    plan = rows.explain()
    assert f"metrics_hits_hit_{day:%Y%m%d}" in plan
    assert plan.count("Scan") <= 4
    assert "before" not in plan


def test_the_indexes_have_the_names_of_the_migrations(parts: str) -> None:
    found = ask(parts, "SELECT indexname FROM pg_indexes WHERE tablename = 'metrics_hits_hit'")
    named = {index.name for index in Hit._meta.indexes}
    assert named | {"metrics_hits_hit_pkey"} == {name for (name,) in found}


def test_migrations_find_nothing_to_do(parts: str) -> None:
    call_command("makemigrations", "metrics_hits", check=True, dry_run=True, verbosity=0)
    call_command("migrate", "metrics_hits", database=parts, verbosity=0)


def test_old_partitions_are_dropped_whole(parts: str) -> None:
    try:
        assert ask(parts, "SELECT metrics_hits_drop_partitions(current_date)") == [(0,)]
        ask(parts, "SELECT metrics_hits_make_partitions(current_date + 50, 3)")
        ((before,),) = ask(
            parts, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'metrics_hits_hit'::regclass"
        )
        kept = samples.hit(time=datetime.now(UTC) + timedelta(days=60))
        DjangoStorage("x", {"hits_db": parts}).write([kept])
        ask(parts, "BEGIN")
        ((dropped,),) = ask(parts, "SELECT metrics_hits_drop_partitions(current_date + 51)")
        ((left,),) = ask(
            parts, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'metrics_hits_hit'::regclass"
        )
        assert dropped >= 15
        assert left == before - dropped
        assert place_of(parts, kept) == "metrics_hits_hit_default"
    finally:
        ask(parts, "ROLLBACK")


def test_a_hit_without_a_partition_waits_for_one(parts: str, partitioned: Parts) -> None:
    ask(parts, "ALTER TABLE metrics_hits_hit DETACH PARTITION metrics_hits_hit_default")
    try:
        with pytest.raises(Unavailable, match="no partition"):
            DjangoStorage("x", {"hits_db": parts}).write(
                [samples.hit(time=partitioned.now + timedelta(days=400))]
            )
    finally:
        ask(parts, "ALTER TABLE metrics_hits_hit ATTACH PARTITION metrics_hits_hit_default DEFAULT")
