"""The servers as fixtures: one for the session where sharing is safe, a new one where it is not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.collectors import Collectd, Graphite
from tests.services.daemon import StatsDaemon
from tests.services.stores import Memcached, PostgreSQL, Redis

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[StatsDaemon]:
    """A StatsD daemon that has seen nothing yet and keeps what it sees until it is read."""
    with StatsDaemon(tmp_path / "statsd") as running:
        yield running


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with Redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="session")
def memcached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memcached]:
    with Memcached(tmp_path_factory.mktemp("memcached")) as running:
        yield running


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Not below pytest's folder, which the server's own user may not enter."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as folder:
        with PostgreSQL(Path(folder)) as running:
            yield running


@pytest.fixture
def graphite(tmp_path: Path) -> Iterator[Graphite]:
    with Graphite(tmp_path / "graphite") as running:
        yield running


@pytest.fixture
def collectd(tmp_path: Path) -> Iterator[Collectd]:
    with Collectd(tmp_path / "collectd") as running:
        yield running
