"""A storage that keeps records in memory, and that can be told to be down, slow, or to refuse something."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages import Rejected, Storage, Unavailable


class Shelf:
    """What storages of one alias hold, in the order of arrival, and how they behave."""

    def __init__(self) -> None:
        self.records: dict[UUID, Record] = {}
        self.writes: list[int] = []
        self.down = False
        self.refused: set[UUID] = set()
        self.broken = False
        self.error: BaseException | None = None
        self.maintained = 0
        self.closed = 0


shelves: dict[str, Shelf] = {}


def shelf(alias: str) -> Shelf:
    return shelves.setdefault(alias, Shelf())


class Kept(Storage):
    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        super().__init__(alias, options)
        self.shelf = shelf(alias)

    def write(self, records: Sequence[Record]) -> None:
        if self.shelf.down:
            raise Unavailable("it is down")
        if self.shelf.error is not None:
            raise self.shelf.error
        if self.shelf.broken:
            raise ZeroDivisionError("a fault in a storage")
        bad = [record for record in records if record.id in self.shelf.refused]
        if bad:
            raise Rejected(f"{len(bad)} of {len(records)} are bad")
        self.shelf.writes.append(len(records))
        self.shelf.records.update({record.id: record for record in records})

    def maintain(self) -> None:
        self.shelf.maintained += 1
        raise ZeroDivisionError("a fault in maintenance")

    def close(self) -> None:
        self.shelf.closed += 1


class Hanging(Kept):
    """One whose network is as slow as can be."""

    def write(self, records: Sequence[Record]) -> None:
        time.sleep(600)


def databases(*aliases: str) -> dict[str, dict[str, str]]:
    return {alias: {"type": "tests.hits.kept.Kept"} for alias in aliases}


def clear() -> Iterator[None]:
    shelves.clear()
    yield
    shelves.clear()
