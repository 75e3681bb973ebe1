"""What every storage does, as tests. A storage's own tests subclass `StorageContract` and give an adapter.

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def adapter(self, ...) -> Iterator[Adapter]:
            yield MyAdapter(...)

The adapter's storage is empty when a test begins.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.hits.delivering import deliver
from django_metrics_statsd.hits.records import EventRecord, Geo, HitRecord, TimingRecord, UserAgent
from django_metrics_statsd.hits.storages import Rejected, Storage, Unavailable
from tests.hits import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from django_metrics_statsd.hits.records import Record

KINDS: tuple[type[Record], ...] = (HitRecord, EventRecord, TimingRecord)
_HIT = [name for name in HitRecord.__struct_fields__ if name not in {"id", "ua", "geo"}]


class Adapter(ABC):
    """A storage under test, and a way to look into it that is not the storage's own.

    Attributes:
        bad: a record that the storage refuses, or None where there is no such.
        skipped_fields: what `expected` has and the storage does not keep.
    """

    bad: Record | None = None
    skipped_fields: frozenset[str] = frozenset()

    @abstractmethod
    def make(self) -> Storage:
        """Return a new storage; all of them write to the same place."""

    @abstractmethod
    def ids(self, kind: type[Record]) -> list[UUID]:
        """Return the id of each row of this kind, in any order, as often as it is there."""

    @abstractmethod
    def fields(self, record: Record) -> dict[str, Any]:
        """Return what is kept of this record under the names of `expected`; others are ignored."""

    @contextmanager
    def away(self) -> Iterator[None]:
        """Make the storage unavailable while the block runs."""
        raise NotImplementedError
        yield

    def expected(self, record: Record) -> dict[str, Any]:
        """Return what should be kept of a record."""
        found = expected(record)
        return {name: found[name] for name in found if name not in self.skipped_fields}


def expected(record: Record) -> dict[str, Any]:
    """Return a record's fields flattened, with U+FFFD in place of NUL and lone surrogates."""
    if isinstance(record, HitRecord):
        agent, place = record.ua or UserAgent(), record.geo or Geo()
        found = {name: getattr(record, name) for name in _HIT}
        for part in (agent, place):
            found |= {name: getattr(part, name) for name in part.__struct_fields__}
    else:
        found = {name: getattr(record, name) for name in record.__struct_fields__ if name != "id"}
    return dict(_readable(found))


def _readable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join("\ufffd" if each == "\0" or "\ud800" <= each <= "\udfff" else each for each in value)
    if isinstance(value, dict):
        return {_readable(key): _readable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_readable, value))
    return value


def _bad(adapter: Adapter) -> Record:
    if adapter.bad is None:
        pytest.skip("this storage has no record that it refuses")
    return adapter.bad


def in_thread(function: Callable[[], Any]) -> None:
    """Run it in a thread that ends, and raise here what it raised there."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    if raised:
        raise raised[0]


class StorageContract:
    """The tests. See the module's text for how to use them."""

    @pytest.fixture
    def adapter(self) -> Iterator[Adapter]:
        raise NotImplementedError

    @pytest.fixture
    def storage(self, adapter: Adapter) -> Iterator[Storage]:
        made = adapter.make()
        yield made
        made.close()

    @staticmethod
    def assert_has(adapter: Adapter, *records: Record) -> None:
        """Assert that each record is there once, and nothing else."""
        for kind in KINDS:
            wanted = sorted(each.id for each in records if isinstance(each, kind))
            assert sorted(adapter.ids(kind)) == wanted, kind.__name__

    @staticmethod
    def assert_keeps(adapter: Adapter, record: Record) -> None:
        """Assert that what is kept of a record is what it had."""
        wanted, kept = adapter.expected(record), adapter.fields(record)
        assert {name: kept.get(name, "not kept") for name in wanted} == wanted

    def test_no_records_are_no_trouble(self, adapter: Adapter, storage: Storage) -> None:
        storage.write([])
        self.assert_has(adapter)

    def test_hits_events_and_timings_are_kept_from_one_batch(
        self, adapter: Adapter, storage: Storage
    ) -> None:
        records = samples.mixed(9)
        storage.write(records)
        self.assert_has(adapter, *records)
        for record in records[:3]:
            self.assert_keeps(adapter, record)

    @pytest.mark.parametrize("count", [1, 2, 1_500])
    def test_a_batch_of_any_size_is_kept_whole(self, count: int, adapter: Adapter, storage: Storage) -> None:
        records = samples.hits(count)
        storage.write(records)
        self.assert_has(adapter, *records)
        self.assert_keeps(adapter, records[0])
        self.assert_keeps(adapter, records[-1])

    def test_a_batch_of_another_sequence_type_is_kept(self, adapter: Adapter, storage: Storage) -> None:
        records: Sequence[Record] = tuple(samples.mixed(3))
        storage.write(records)
        self.assert_has(adapter, *records)

    def test_hits_that_nobody_enriched_are_kept(self, adapter: Adapter, storage: Storage) -> None:
        record = samples.hit(ua=None, geo=None)
        storage.write([record])
        self.assert_keeps(adapter, record)

    def test_a_record_written_twice_is_kept_once(self, adapter: Adapter, storage: Storage) -> None:
        records = samples.mixed(6)
        storage.write(records)
        storage.write(records)
        self.assert_has(adapter, *records)

    def test_a_record_twice_in_a_batch_is_kept_once(self, adapter: Adapter, storage: Storage) -> None:
        records = samples.mixed(6)
        storage.write([*records, *reversed(records)])
        self.assert_has(adapter, *records)

    def test_a_record_that_another_storage_object_wrote_is_kept_once(
        self, adapter: Adapter, storage: Storage
    ) -> None:
        records = samples.mixed(6)
        other = adapter.make()
        try:
            other.write(records)
            storage.write(records)
        finally:
            other.close()
        self.assert_has(adapter, *records)

    def test_new_records_are_kept_among_known_ones(self, adapter: Adapter, storage: Storage) -> None:
        records = samples.mixed(12)
        storage.write(records[::2])
        storage.write(records)
        self.assert_has(adapter, *records)

    def test_records_of_the_same_instant_are_all_kept(self, adapter: Adapter, storage: Storage) -> None:
        first = samples.hit()
        records = [first, *(samples.hit(time=first.time) for _ in range(20))]
        storage.write(records)
        self.assert_has(adapter, *records)

    @pytest.mark.parametrize("name", samples.odd())
    def test_an_odd_record_is_kept(self, name: str, adapter: Adapter, storage: Storage) -> None:
        record = samples.odd()[name]
        storage.write([record])
        self.assert_has(adapter, record)
        self.assert_keeps(adapter, record)

    def test_odd_records_are_kept_from_one_batch(self, adapter: Adapter, storage: Storage) -> None:
        records = list(samples.odd().values())
        storage.write(records)
        self.assert_has(adapter, *records)
        storage.write(records)
        self.assert_has(adapter, *records)

    @pytest.mark.parametrize("name", samples.unencodable())
    def test_texts_that_utf8_cannot_hold_are_cleaned(
        self, name: str, adapter: Adapter, storage: Storage
    ) -> None:
        record = samples.unencodable()[name]
        storage.write([record])
        self.assert_has(adapter, record)
        self.assert_keeps(adapter, record)

    def test_a_closed_storage_opens_again(self, adapter: Adapter, storage: Storage) -> None:
        records = samples.mixed(6)
        storage.write(records[:3])
        storage.close()
        storage.close()
        storage.write(records[3:])
        self.assert_has(adapter, *records)

    def test_it_writes_from_another_thread(self, adapter: Adapter, storage: Storage) -> None:
        records = samples.mixed(6)
        storage.write(records[:3])
        storage.close()

        def work() -> None:
            storage.write(records[3:])
            storage.close()

        in_thread(work)
        self.assert_has(adapter, *records)

    def test_two_at_a_time_keep_each_record_once(self, adapter: Adapter) -> None:
        records = samples.mixed(300)
        storages = [adapter.make(), adapter.make()]

        def work(storage: Storage, mine: Sequence[Record]) -> None:
            for start in range(0, len(mine), 50):
                _persist(storage, mine[start : start + 50])
            storage.close()

        threads = [
            threading.Thread(target=work, args=(storage, mine))
            for storage, mine in zip(storages, (records, records[::-1]), strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assert_has(adapter, *records)

    def test_maintenance_leaves_recent_records(self, adapter: Adapter, storage: Storage) -> None:
        records = [*samples.mixed(3), samples.hit(time=samples.hit().time - timedelta(days=29))]
        storage.maintain()
        storage.write(records)
        storage.maintain()
        self.assert_has(adapter, *records)

    def test_a_record_that_cannot_be_kept_is_rejected(self, adapter: Adapter, storage: Storage) -> None:
        bad = _bad(adapter)
        with pytest.raises(Rejected) as caught:
            storage.write([*samples.mixed(3), bad, *samples.mixed(3)])
        assert str(caught.value)
        good = samples.mixed(3)
        storage.write(good)
        assert {each.id for each in good if isinstance(each, HitRecord)} <= set(adapter.ids(HitRecord))

    def test_the_one_bad_record_of_a_batch_is_found(self, adapter: Adapter, storage: Storage) -> None:
        bad = _bad(adapter)
        records = [*samples.mixed(10), bad, *samples.mixed(10)]
        refused: list[Record] = []
        deliver(storage, records, lambda record, reason: refused.append(record))
        assert refused == [bad]
        self.assert_has(adapter, *(each for each in records if each is not bad))

    def test_it_is_unavailable_while_it_is_away_and_then_writes_again(
        self, adapter: Adapter, storage: Storage
    ) -> None:
        records = samples.mixed(6)
        storage.write(records[:3])
        with adapter.away():
            with pytest.raises(Unavailable) as caught:
                storage.write(records)
            assert str(caught.value)
            with pytest.raises(Unavailable):
                storage.write(records)
        _persist(storage, records)
        self.assert_has(adapter, *records)


def _persist(storage: Storage, records: Sequence[Record]) -> None:
    """Write as a collector does: again after `Unavailable`, such as a deadlock or a lock held too long."""
    for _ in range(20):
        try:
            storage.write(records)
        except Unavailable:
            continue
        return
    storage.write(records)
