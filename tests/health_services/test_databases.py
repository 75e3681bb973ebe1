"""``databases`` and ``migrations`` against PostgreSQL and MariaDB: up, down, hanging, pooled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connections, transaction

from django_metrics_statsd.health import runner
from django_metrics_statsd.health.checks import Check, Databases, Memory, Migrations
from tests.health_services.conftest import hanging
from tests.health_services.outcomes import await_threads, comes_down_to, is_reported_late, result_of, state_of
from tests.hits.databases import database
from tests.services.harness import Server

BOTH = pytest.mark.parametrize("name", ["postgresql", "mariadb"])
#: How many other connections each server has, besides the one that asks.
OTHERS = {
    "postgresql": "select count(*) from pg_stat_activity where backend_type = 'client backend'",
    "mariadb": "select count(*) from information_schema.processlist",
}


class Counting(Check):
    """Counts through Django's async ORM, as a site's own check may."""

    alias: str = "kept"

    async def run(self) -> dict[str, int]:
        from django.contrib.contenttypes.models import ContentType

        return {"rows": await ContentType.objects.using(self.alias).acount()}


def connected(alias: str, name: str) -> int:
    with connections[alias].cursor() as cursor:
        cursor.execute(OTHERS[name])
        return int(cursor.fetchone()[0])


@BOTH
def test_a_database_that_is_up_hangs_goes_down_and_comes_back(request: Any, name: str) -> None:
    alias: str = request.getfixturevalue(name)
    server: Server = request.getfixturevalue(f"{name}_server")
    check = Databases(aliases=(alias,), timeout=20.0)
    assert state_of(check) == "ok"
    with hanging(server):
        is_reported_late(Databases(aliases=(alias,), timeout=1.0), Memory(warn=0, fail=0))
    await_threads()
    assert state_of(check) == "ok"
    server.stop()
    down = result_of(check)
    assert str(down.state) == "fail"
    assert down.message
    assert down.details["exception"] == "OperationalError"
    Server.start(server)  # with the data that it has
    assert state_of(check) == "ok"


@BOTH
def test_no_connection_is_left(request: Any, name: str) -> None:
    alias: str = request.getfixturevalue(name)
    checks = [Databases(aliases=(alias,)), Migrations(aliases=(alias,))]
    before = connected(alias, name)
    for _ in range(50):
        runner.run(checks, fresh=True)
    assert comes_down_to(before, lambda: connected(alias, name))


def test_a_pool_gets_its_connections_back(pooled: str) -> None:
    check = Databases(aliases=(pooled,), timeout=5.0)
    assert {state_of(check) for _ in range(50)} == {"ok"}
    pool = connections[pooled].pool
    assert pool.get_stats()["pool_size"] <= 2
    assert pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"]


def test_a_pool_that_is_used_up_is_a_failure(pooled: str) -> None:
    connections[pooled].ensure_connection()  # opens the pool
    connections[pooled].close()
    pool = connections[pooled].pool
    with pool.connection(), pool.connection():
        assert state_of(Databases(aliases=(pooled,), timeout=5.0)) == "fail"
    assert state_of(Databases(aliases=(pooled,), timeout=5.0)) == "ok"


def test_a_broken_transaction_of_the_request_is_not_in_the_way(postgresql: str) -> None:
    with transaction.atomic(using=postgresql), connections[postgresql].cursor() as cursor:
        with pytest.raises(ProgrammingError):
            cursor.execute("select * from nowhere")
        assert state_of(Databases(aliases=(postgresql,))) == "ok"
        transaction.set_rollback(True, using=postgresql)


@BOTH
def test_migrations_are_looked_at_and_nothing_is_changed(request: Any, name: str) -> None:
    alias: str = request.getfixturevalue(name)
    before = connections[alias].introspection.table_names()
    found = result_of(Migrations(aliases=(alias,)))
    assert str(found.state) == "fail"
    assert found.details["unapplied"] > 5
    assert "auth.0001_initial" in found.message
    assert connections[alias].introspection.table_names() == before


@pytest.mark.parametrize(("content", "state"), [(None, "fail"), (b"no database" * 100, "fail"), (b"", "ok")])
def test_a_file_of_sqlite_has_to_be_one(
    tmp_path: Path, django_db_blocker: Any, content: bytes | None, state: str
) -> None:
    file = tmp_path / "shop.sqlite3"
    if content is not None:
        file.write_bytes(content)
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    with django_db_blocker.unblock(), database("kept", settings, migrated=False) as alias:
        assert state_of(Databases(aliases=(alias,))) == state
    assert file.exists() is (content is not None)


class OnlyContentTypes:
    """A router that lets one app have tables in `kept`."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != "kept" or app_label == "contenttypes"


class Nothing:
    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != "kept"


def test_migrations_are_those_that_routers_let_in(postgresql: str, settings: Any) -> None:
    from django.core.management import call_command

    settings.DATABASE_ROUTERS = [OnlyContentTypes()]
    call_command("migrate", "contenttypes", database=postgresql, verbosity=0)
    assert state_of(Migrations(aliases=(postgresql,))) == "ok"
    settings.DATABASE_ROUTERS = [Nothing()]
    assert state_of(Migrations(aliases=(postgresql,))) == "skipped"


def test_a_check_of_the_sites_may_use_the_async_orm(postgresql: str) -> None:
    from django.core.management import call_command

    call_command("migrate", "contenttypes", database=postgresql, verbosity=0)
    before = connected(postgresql, "postgresql")
    check = Counting()
    assert {state_of(check) for _ in range(10)} == {"ok"}
    assert comes_down_to(before, lambda: connected(postgresql, "postgresql"))
