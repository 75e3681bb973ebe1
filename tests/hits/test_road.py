"""The road out of a process: bounded, patient, and gone with the process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from django_metrics_statsd import background
from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.road import Road
from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.testing import Captured
from tests.hits import samples
from tests.services.harness import wait_until


class Gate(Transport):
    """A transport that can be shut."""

    def __init__(self) -> None:
        self.open = True
        self.batches: list[list[Record]] = []
        self.tries = 0

    def send(self, records: Sequence[Record]) -> None:
        self.tries += 1
        if not self.open:
            raise Unavailable("shut")
        self.batches.append(list(records))

    @property
    def numbers(self) -> list[int]:
        return [record.status_code for batch in self.batches for record in batch]  # type: ignore[union-attr]


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def road(gate: Gate, settings: Any) -> Any:
    settings.WT_FREQUENCY = 60.0  # the test says when
    settings.WT_BUFFER = 100
    settings.WT_BATCH = 10
    own = Road()
    own.replace(gate)
    yield own
    own.close()


def numbered(number: int) -> Record:
    return samples.hit(status_code=number)


def test_records_are_made_in_the_thread_and_carried_in_batches(road: Road, gate: Gate) -> None:
    where: set[str] = set()

    def make(number: int) -> Record:
        where.add(threading.current_thread().name)
        return numbered(number)

    for number in range(25):
        road.put(make, number)
    assert road.flush(5)
    assert sorted(gate.numbers) == list(range(25))
    assert max(map(len, gate.batches)) <= 10
    assert where == {"django_metrics_statsd.hits"}
    assert road.counts.sent == 25


def test_what_cannot_be_made_is_counted_and_the_rest_goes_on(
    road: Road, gate: Gate, faults: dict[str, int]
) -> None:
    road.put(lambda: 1 / 0)
    road.put(lambda: None)
    road.put(numbered, 1)
    assert road.flush(5)
    assert gate.numbers == [1]
    assert road.counts.dropped == {"not_made": 1}
    assert faults == {"hits.make": 1}


def test_records_wait_in_order_while_the_transport_is_away(road: Road, gate: Gate) -> None:
    gate.open = False
    for number in range(30):
        road.put(numbered, number)
    assert not road.flush(0.3)
    assert road.waiting == 30
    gate.open = True
    assert road.flush(5)
    assert gate.numbers == list(range(30))
    assert road.counts.dropped == {}


def test_past_the_limit_the_oldest_are_dropped_and_counted(road: Road, gate: Gate, stats: Captured) -> None:
    gate.open = False
    for number in range(500):
        road.put(numbered, number)
    assert not road.flush(0.2)
    assert road.waiting <= 110
    gate.open = True
    assert road.flush(5)
    assert gate.numbers[-1] == 499
    assert road.counts.sent + road.counts.dropped["buffer_full"] == 500
    stats.assert_incr("django_metrics_statsd.hits.dropped.buffer_full")


def test_a_transport_that_is_away_is_not_asked_all_the_time(road: Road, gate: Gate) -> None:
    gate.open = False
    road.put(numbered, 1)
    road._round()
    for _ in range(50):
        road._round()
    assert gate.tries <= 2


def test_records_go_by_themselves_after_a_while(gate: Gate, settings: Any) -> None:
    settings.WT_FREQUENCY = 0.05
    own = Road()
    own.replace(gate)
    own.put(numbered, 7)
    wait_until(lambda: gate.numbers == [7], "the record", 5)
    own.close()


def test_a_full_batch_does_not_wait(road: Road, gate: Gate) -> None:
    for number in range(10):
        road.put(numbered, number)
    wait_until(lambda: len(gate.numbers) == 10, "the batch", 5)


@pytest.mark.parametrize("told", [True, False])
def test_a_forked_child_sends_its_own_records_only(road: Road, gate: Gate, told: bool) -> None:
    for number in range(3):
        road.put(numbered, number)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        if told:
            road.reset()
        road.put(numbered, 99)
        road.replace(gate)
        road.flush(5)
        os.write(write, ",".join(map(str, gate.numbers)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    assert os.read(read, 100) == b"99"
    os.close(read)
    assert road.flush(5)
    assert gate.numbers == [0, 1, 2]


def test_the_end_of_the_process_carries_what_waits(road: Road, gate: Gate) -> None:
    road.put(numbered, 5)
    background._flush_all()
    assert gate.numbers == [5]


def test_many_threads_lose_nothing(road: Road, gate: Gate, settings: Any) -> None:
    settings.WT_BUFFER = 100_000

    def work(start: int) -> None:
        for number in range(start, start + 100):
            road.put(numbered, number)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 800, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert road.flush(5)
    assert sorted(gate.numbers) == list(range(800))


def test_a_flush_with_nothing_to_do_starts_no_thread() -> None:
    before = threading.active_count()
    assert Road().flush(1)
    assert threading.active_count() == before


def test_ids_tell_the_time(road: Road) -> None:
    identity, then = road.new_id()
    assert identity.version == 7
    assert abs(then.timestamp() - time.time()) < 1


def test_a_fault_in_a_transport_costs_one_batch(
    road: Road, gate: Gate, faults: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    send = gate.send

    def fail_once(records: Sequence[Record]) -> None:
        monkeypatch.setattr(gate, "send", send)
        raise ZeroDivisionError

    monkeypatch.setattr(gate, "send", fail_once)
    for number in range(15):
        road.put(numbered, number)
    assert road.flush(5)
    assert len(gate.numbers) + road.counts.dropped["not_sent"] == 15
    assert gate.numbers[-1] == 14
    assert faults == {"hits.send": 1}


def test_a_maker_that_wants_to_exit_does_not_end_the_thread(
    road: Road, gate: Gate, faults: dict[str, int]
) -> None:
    def leave() -> Record:
        raise SystemExit(3)

    road.put(leave)
    road.put(numbered, 1)
    assert road.flush(5)
    assert gate.numbers == [1]
    assert road.counts.dropped == {"not_made": 1}


def test_children_of_a_process_that_recorded_nothing_have_slots_of_their_own() -> None:
    from django_metrics_statsd.hits.ids import nanoseconds
    from django_metrics_statsd.hits.road import road as shared

    def slot() -> int:
        return nanoseconds(shared.new_id()[0]) % 1_000

    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, str(slot()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(read, 10))
    os.close(read)
    os.close(write)
    assert theirs != slot()
