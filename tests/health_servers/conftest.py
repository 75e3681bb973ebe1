"""PostgreSQL, and how to stop it without ending it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hits.databases import temporary_folder
from tests.services.stores import PostgreSQL


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with temporary_folder("postgresql") as folder, PostgreSQL(folder) as running:
        yield running
