"""Real services, and what is done to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from django_metrics_statsd.health import history, runner
from tests.hits.databases import database, temporary_folder, use_pymysql
from tests.services.harness import Server
from tests.services.stores import MariaDB, Memcached, PostgreSQL, Redis


@pytest.fixture(autouse=True)
def nothing_shared() -> Iterator[None]:
    runner.shared.reset()
    history.history.reset()
    yield
    runner.shared.reset()
    history.history.reset()


@contextmanager
def hanging(server: Server) -> Iterator[None]:
    """Stop the server's processes without ending them: it takes connections, and answers nothing."""
    os.killpg(server.running().pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server.running().pid, signal.SIGCONT)


def _of(kind: Any, name: str) -> Iterator[Any]:
    with temporary_folder(name) as folder, kind(folder) as running:
        yield running


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    yield from _of(Redis, "redis")


@pytest.fixture(scope="module")
def memcached_server() -> Iterator[Memcached]:
    yield from _of(Memcached, "memcached")


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[PostgreSQL]:
    yield from _of(PostgreSQL, "postgresql")


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[MariaDB]:
    use_pymysql()
    yield from _of(MariaDB, "mariadb")


@pytest.fixture
def postgresql(postgresql_server: PostgreSQL, django_db_blocker: Any) -> Iterator[str]:
    """The alias of a database in it."""
    with django_db_blocker.unblock(), database("kept", postgresql_server.settings(), migrated=False) as alias:
        yield alias


@pytest.fixture
def pooled(postgresql_server: PostgreSQL, django_db_blocker: Any) -> Iterator[str]:
    """The same with a pool of psycopg's, whose threads end with it."""
    settings = postgresql_server.settings(pool={"min_size": 1, "max_size": 2, "timeout": 1})
    with django_db_blocker.unblock(), database("kept", settings, migrated=False) as alias:
        yield alias


@pytest.fixture
def mariadb(mariadb_server: MariaDB, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), database("kept", mariadb_server.settings(), migrated=False) as alias:
        yield alias
