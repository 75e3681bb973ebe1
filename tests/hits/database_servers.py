"""The databases of the tests as fixtures, to be imported, and how to look into them for the contract."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_metrics_statsd.hits.models import Event, Hit, Timing
from django_metrics_statsd.hits.records import EventRecord, HitRecord, TimingRecord
from django_metrics_statsd.hits.storages.django import DjangoStorage
from tests.hits import samples
from tests.hits.databases import database, empty, temporary_folder, use_pymysql
from tests.hits.storage_contract import Adapter
from tests.services.harness import Server
from tests.services.stores import MariaDB, PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django_metrics_statsd.hits.records import Record
    from django_metrics_statsd.hits.storages import Storage

__all__ = ["DjangoAdapter", "FileAdapter", "maria", "mariadb_server", "pg", "postgresql_server", "sqlite"]

MODELS: dict[type[Record], Any] = {HitRecord: Hit, EventRecord: Event, TimingRecord: Timing}


class DjangoAdapter(Adapter):
    """Looks into the tables through the models."""

    bad = samples.hit(status_code=-1)  # the database's own check refuses it

    def __init__(self, alias: str, server: Server | None = None) -> None:
        self.alias, self.server = alias, server

    def make(self) -> Storage:
        return DjangoStorage("x", {"type": "django", "hits_db": self.alias})

    def ids(self, kind: type[Record]) -> list[UUID]:
        return list(MODELS[kind].objects.using(self.alias).values_list("pk", flat=True))

    def fields(self, record: Record) -> dict[str, Any]:
        row = MODELS[type(record)].objects.using(self.alias).get(pk=record.id)
        found = {field.name: getattr(row, field.name) for field in row._meta.fields}
        if "ip" in found:
            found["ip"] = row.ip or ""
        return found | ({"groups": tuple(row.groups)} if isinstance(row, Event) else {})

    @contextmanager
    def away(self) -> Iterator[None]:
        assert self.server is not None
        self.server.stop()
        yield
        Server.start(self.server)


class FileAdapter(DjangoAdapter):
    """SQLite is away when its file is: a new one has no tables."""

    @contextmanager
    def away(self) -> Iterator[None]:
        connection = connections[self.alias]
        connection.close()
        file = Path(connection.settings_dict["NAME"])
        file.rename(file.with_suffix(".away"))
        yield
        connection.close()
        file.with_suffix(".away").rename(file)


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[PostgreSQL]:
    with temporary_folder("postgresql") as folder, PostgreSQL(folder) as running:
        yield running


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[MariaDB]:
    use_pymysql()
    with temporary_folder("mariadb") as folder, MariaDB(folder) as running:
        yield running


@pytest.fixture
def pg(postgresql_server: PostgreSQL, django_db_blocker: Any) -> Iterator[str]:
    """The alias of an empty database with the hits' tables, as are the next two."""
    with django_db_blocker.unblock(), database("kept", postgresql_server.settings()) as alias:
        empty(alias)
        yield alias


@pytest.fixture
def maria(mariadb_server: MariaDB, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), database("kept", mariadb_server.settings()) as alias:
        empty(alias)
        yield alias


@pytest.fixture
def sqlite(tmp_path: Path, django_db_blocker: Any) -> Iterator[str]:
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "hits.sqlite3"}
    with django_db_blocker.unblock(), database("kept", settings) as alias:
        yield alias
