"""Without Redis: straight into the storages, each at its own pace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.hits.records import HitRecord
from django_metrics_statsd.hits.transports.direct import DirectTransport
from django_metrics_statsd.safety import Telemetry
from tests.hits import samples
from tests.hits.kept import databases, shelf


@pytest.fixture
def counts() -> Telemetry:
    return Telemetry()


@pytest.fixture
def direct(settings: Any, counts: Telemetry) -> Iterator[DirectTransport]:
    settings.WT_DATABASES = databases("one", "two")
    settings.WT_FREQUENCY = 0.05
    settings.WT_BUFFER = 100
    settings.WT_BATCH = 10
    transport = DirectTransport(counts)
    yield transport
    transport.close()


def test_every_storage_gets_every_record_enriched(direct: DirectTransport) -> None:
    records = samples.mixed(30)
    direct.send(records)
    assert direct.flush(5)
    for alias in ("one", "two"):
        assert set(shelf(alias).records) == {record.id for record in records}
        assert max(shelf(alias).writes) <= 10
    hit = next(record for record in shelf("one").records.values() if isinstance(record, HitRecord))
    assert hit.ua is not None


def test_a_storage_that_is_down_holds_nobody_up_and_catches_up(direct: DirectTransport) -> None:
    shelf("one").down = True
    records = samples.mixed(30)
    direct.send(records)
    assert not direct.flush(0.3)
    assert len(shelf("two").records) == 30
    assert shelf("one").records == {}
    shelf("one").down = False
    assert direct.flush(5)
    assert set(shelf("one").records) == {record.id for record in records}


def test_what_waits_for_a_storage_is_bounded(direct: DirectTransport, counts: Telemetry) -> None:
    shelf("one").down = True
    for _ in range(10):
        direct.send(samples.mixed(30))
    assert not direct.flush(0.2)
    shelf("one").down = False
    assert direct.flush(5)
    assert len(shelf("two").records) + len(shelf("one").records) + counts.dropped["storage_full"] == 600


def test_only_what_is_refused_is_lost_and_that_is_counted(direct: DirectTransport, counts: Telemetry) -> None:
    records = samples.mixed(40)
    shelf("one").refused = {records[3].id, records[17].id}
    direct.send(records)
    assert direct.flush(5)
    assert set(shelf("one").records) == {record.id for record in records} - shelf("one").refused
    assert len(shelf("two").records) == 40
    assert counts.dropped == {"refused": 2}


def test_a_fault_in_a_storage_stays_there(
    direct: DirectTransport, counts: Telemetry, faults: dict[str, int]
) -> None:
    shelf("one").broken = True
    direct.send(samples.mixed(4))
    assert not direct.flush(0.3)
    assert len(shelf("two").records) == 4
    assert faults["hits.storage.one"] > 0
    shelf("one").broken = False
    assert direct.flush(5)
    assert len(shelf("one").records) == 4
    assert counts.dropped == {}


def test_a_storage_is_closed_by_the_thread_that_used_it(direct: DirectTransport) -> None:
    direct.send(samples.mixed(3))
    assert direct.flush(5)
    direct.close()
    assert shelf("one").closed == 1


def test_a_network_error_of_a_storage_of_the_sites_own_is_waited_for(
    direct: DirectTransport, counts: Telemetry
) -> None:
    shelf("one").error = ConnectionRefusedError("nobody there")
    records = samples.mixed(12)
    direct.send(records)
    assert not direct.flush(0.3)
    shelf("one").error = None
    assert direct.flush(5)
    assert set(shelf("one").records) == {record.id for record in records}
    assert counts.dropped == {}
