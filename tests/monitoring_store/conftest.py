"""Stores in each kind of database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.hits.databases import temporary_folder, use_pymysql
from tests.monitoring_store.stores import Child, sqlite_settings, store
from tests.services.stores import MariaDB, PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    with temporary_folder("postgresql") as folder, PostgreSQL(folder) as running:
        yield running


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDB]:
    use_pymysql()
    with temporary_folder("mariadb") as folder, MariaDB(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def ends_children() -> Iterator[None]:
    """Leave no child of a test that failed."""
    yield
    while Child.running:
        Child.running.pop().kill()


@pytest.fixture
def alias(tmp_path: Path, settings: Any, django_db_blocker: Any) -> Iterator[str]:
    """An empty store in SQLite."""
    settings.MONITORING_STATS_DATABASE = "stats"
    with django_db_blocker.unblock(), store(sqlite_settings(tmp_path)) as name:
        yield name


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Any, django_db_blocker: Any
) -> Iterator[dict[str, Any]]:
    """The settings of an empty store, in each kind of database; its alias is ``stats``."""
    settings.MONITORING_STATS_DATABASE = "stats"
    kind = str(request.param)
    if kind == "sqlite":
        entry = sqlite_settings(tmp_path)
    else:
        entry = dict(request.getfixturevalue(f"{kind}_server").settings())
    with django_db_blocker.unblock(), store(entry):
        yield entry
