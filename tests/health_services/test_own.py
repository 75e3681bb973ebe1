"""``statsd`` and ``hits``: whether this package's own work goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.health.checks import Hits, Memory, Statsd
from django_metrics_statsd.hits.road import road
from tests.health_services.conftest import hanging
from tests.health_services.outcomes import await_threads, is_reported_late, result_of, state_of
from tests.services.harness import Server


def test_stats_that_get_out_are_well(wire: Any) -> None:
    statsd.incr("books")
    statsd.flush(5)
    found = result_of(Statsd())
    assert str(found.state) == "ok"
    assert found.details["sent"] >= 1
    assert found.details["dropped"] == {}


def test_stats_that_are_dropped_are_a_warning_for_a_while(wire: Any) -> None:
    check = Statsd()
    statsd.incr("books")
    assert state_of(check) == "ok"
    statsd.incr("")
    statsd.flush(5)
    found = result_of(check)
    assert str(found.state) == "warn"
    assert "name: 1" in found.message
    assert state_of(check) == "warn"  # not for one probe alone
    check.within = 0.0
    assert state_of(check) == "ok"


def test_a_process_that_sent_nothing_is_skipped() -> None:
    statsd.close()
    assert state_of(Statsd()) == "skipped"


@pytest.fixture
def carried(redis_server: Any, settings: Any) -> Iterator[Any]:
    """Hits go through Redis, to two storages."""
    redis_server.ask("FLUSHALL")
    settings.WT_REDIS = {"url": redis_server.url}
    settings.WT_STOP = False
    yield redis_server
    road.close()


def test_hits_without_redis_are_judged_by_what_is_dropped() -> None:
    found = result_of(Hits())
    assert str(found.state) == "ok"
    assert "waiting" not in found.details


def test_hits_that_wait_are_counted(carried: Any) -> None:
    from tests.hits.samples import hit

    assert state_of(Hits()) == "ok"
    for _ in range(12):
        road.put(lambda: hit())
    assert road.flush(10)
    found = result_of(Hits(warn=5))
    assert str(found.state) == "warn"
    assert found.details["waiting"] == {"default": 12}
    assert state_of(Hits(warn=5, fail=6)) == "fail"


def test_a_drop_does_not_hide_how_far_behind_a_collector_is(carried: Any, monkeypatch: Any) -> None:
    from tests.hits.samples import hit

    for _ in range(12):
        road.put(lambda: hit())
    assert road.flush(10)
    monkeypatch.setitem(road.counts.dropped, "buffer_full", 3)
    assert state_of(Hits(warn=5, fail=6)) == "fail"
    found = result_of(Hits())
    assert str(found.state) == "warn"


def test_redis_of_the_hits_hangs_goes_down_and_comes_back(carried: Any) -> None:
    check = Hits(timeout=20.0)
    with hanging(carried):
        is_reported_late(Hits(timeout=0.5), Memory(warn=0, fail=0))
        await_threads()
    carried.stop()
    found = result_of(check)
    assert str(found.state) == "fail"
    assert found.message
    Server.start(carried)
    assert state_of(check) == "ok"
