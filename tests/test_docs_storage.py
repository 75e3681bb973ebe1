"""The storage that the documentation shows, held to what every storage has to keep."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages import Storage
from tests.hits.storage_contract import Adapter, StorageContract, expected
from tests.test_docs import DOCS, examples


def shown() -> type[Storage]:
    """The class of the example."""
    (block,) = (each for each in examples(DOCS / "storages.rst") if "class Archive(Storage)" in each)
    space: dict[str, Any] = {"__name__": "shop.archive"}
    exec(compile(block, "storages.rst", "exec"), space)
    found: type[Storage] = space["Archive"]
    return found


class ArchiveAdapter(Adapter):
    def __init__(self, kind: type[Storage], file: Path) -> None:
        self.kind, self.file = kind, file

    def make(self) -> Storage:
        return self.kind("archive", {"type": "shop.archive.Archive", "file": str(self.file)})

    def ids(self, kind: type[Record]) -> list[UUID]:
        if not self.file.exists():
            return []
        return [
            UUID(identity)
            for (identity,) in self._ask("SELECT id FROM records WHERE kind = ?", kind.__name__)
        ]

    def fields(self, record: Record) -> dict[str, Any]:
        ((text,),) = self._ask("SELECT json FROM records WHERE id = ?", str(record.id))
        tag: Any = type(record).__struct_config__.tag
        return expected(msgspec.convert([tag, *json.loads(text).values()], type(record)))

    def _ask(self, query: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def away(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")


Archive = shown()


class TestArchive(StorageContract):
    @pytest.fixture
    def adapter(self, tmp_path: Path) -> Adapter:  # type: ignore[override]
        return ArchiveAdapter(Archive, tmp_path / "archive.sqlite3")

    # It refuses nothing: its table takes any text.
    test_a_record_that_cannot_be_kept_is_rejected = None  # type: ignore[assignment]
    test_the_one_bad_record_of_a_batch_is_found = None  # type: ignore[assignment]

    def test_it_says_what_is_missing(self) -> None:
        said = [message for message, _ in Archive.problems("archive", {})]
        assert said == ["WT_DATABASES['archive'] has no 'file'."]
        assert list(Archive.problems("archive", {"file": "x"})) == []
