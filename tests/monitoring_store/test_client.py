"""The client by itself: what callers pay, when it writes, what it does when it cannot."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection as site_connection
from django.db import connections, transaction

from django_metrics_statsd import background
from django_metrics_statsd.clients import statsd
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring import client as module
from django_metrics_statsd.monitoring.client import StatsClient
from django_metrics_statsd.monitoring.stats import connecting, reading
from django_metrics_statsd.monitoring.stats.models import Claim, StatName, StoredWindow
from django_metrics_statsd.patches import db as db_patch
from tests.monitoring_store.test_processes import whole
from tests.services.harness import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def client(alias: str, settings: Any) -> Iterator[StatsClient]:
    """The store's client behind the handle, with a window of a second."""
    settings.MONITORING_STATS_WINDOW = 1
    settings.STATSD_CLIENT = "django_metrics_statsd.monitoring.client"
    found = statsd.client
    assert isinstance(found, StatsClient)
    yield found
    statsd.close()
    connections[alias].close()


def rows() -> int:
    return StoredWindow.objects.using("stats").count()


def is_there(name: str) -> bool:
    try:
        return whole(name) is not None
    except AssertionError:
        return False


def test_stats_are_there_by_themselves_within_about_a_window(client: StatsClient) -> None:
    statsd.incr("hits", 3)
    began = time.monotonic()
    wait_until(lambda: reading.find("hits"), "the name")
    wait_until(lambda: is_there("hits"), "the first window")  # its row comes a moment after the name's
    assert time.monotonic() - began < 10
    assert whole("hits").get("sum") == 3


def test_a_flush_writes_at_once_and_every_kind_is_there(client: StatsClient) -> None:
    statsd.incr("hits", 2, rate=1)
    statsd.decr("hits")
    statsd.timing("took", 250)
    statsd.gauge("level", -4)
    statsd.gauge("level", 1, delta=True)
    statsd.set("users", "ann")
    statsd.incr("a b/c", tags={"view": "x y"})
    assert statsd.flush(10)
    assert whole("hits").get("sum") == 1
    assert whole("took").get("p99") == 250
    assert whole("level").get("last") == -3
    assert whole("users").get("distinct") == 1
    assert whole("a_b-c;view=x_y").get("sum") == 1
    counts = statsd.telemetry()
    assert (counts["sent"], counts["packets"], counts["dropped"]) == (7, 1, {})
    assert counts["bytes"] > 100


def test_the_first_in_a_new_store_waits_for_another_writer(
    client: StatsClient, alias: str, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite refuses a transaction that has read and then writes at once, whatever its timeout."""
    other = sqlite3.connect(
        connections[alias].settings_dict["NAME"], isolation_level=None, check_same_thread=False
    )
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(1, other.execute, ["COMMIT"])
    ends.start()
    statsd.incr("hits")
    assert statsd.flush(10)
    ends.join()
    other.close()
    assert whole("hits").get("sum") == 1
    assert not caplog.records


def test_the_prefix_is_for_other_servers(client: StatsClient, settings: Any) -> None:
    statsd.close()
    settings.STATSD_PREFIX = "site"
    statsd.incr("hits")
    statsd.flush(10)
    assert [stat.name for stat in reading.names()] == ["hits"]


def test_a_rate_is_made_up_for(client: StatsClient) -> None:
    for _ in range(2_000):
        statsd.incr("sampled", rate=0.5)
        statsd.timing("took", 10, rate=0.5)
    statsd.flush(10)
    assert whole("sampled").get("sum") == pytest.approx(2_000, rel=0.15)
    assert whole("took").get("count") == pytest.approx(2_000, rel=0.15)


def test_nothing_is_written_where_nothing_was_emitted(client: StatsClient) -> None:
    statsd.incr("hits")
    assert statsd.flush(10)
    assert rows() == 1
    assert statsd.flush(10)
    assert rows() == 1


def test_its_own_queries_are_not_timed(client: StatsClient) -> None:
    db_patch.patch.install()
    try:
        with muted():
            statsd.incr("hits")
            assert statsd.flush(10)
            assert client._keeper is not None
            client._keeper._next = 0.0
            wait_until(lambda: Claim.objects.using("stats").filter(name="tidy"), "the rolling up")
            assert statsd.flush(10)
    finally:
        db_patch.patch.uninstall()
    assert [stat.name for stat in reading.names()] == ["hits"]


def test_where_it_cannot_write_windows_wait_and_the_oldest_are_dropped(
    client: StatsClient, alias: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MONITORING_STATS_BACKLOG = 10_000
    file = Path(connections[alias].settings_dict["NAME"])
    connections[alias].close()
    file.rename(file.with_suffix(".away"))
    for number in range(30):
        statsd.incr(f"hits.{number}", 2)
        assert not statsd.flush(10)
    assert "no such table" in caplog.text
    assert "manage.py migrate metrics_monitoring" in caplog.text
    assert len(caplog.records) == 1
    dropped = client.counts.dropped["database"]
    assert 5 < dropped < 30
    file.unlink()
    file.with_suffix(".away").rename(file)
    assert statsd.flush(10)
    names = [stat.name for stat in reading.names("hits.", limit=100)]
    assert len(names) == 30 - dropped
    assert "hits.29" in names
    assert "hits.0" not in names
    assert whole("django_metrics_statsd.dropped.database").get("sum") == dropped


def test_a_locked_database_holds_up_no_caller(client: StatsClient, alias: str) -> None:
    connections[alias].close()
    with transaction.atomic(using=alias):
        StatName.objects.using(alias).create(id=1, name="x", kind="c", seen="2026-01-01")
        statsd.incr("hits")
        began = time.monotonic()
        assert not statsd.flush(0.2)
        for _ in range(1_000):
            statsd.incr("hits")
            statsd.tick()
        assert time.monotonic() - began < 4.5
    assert statsd.flush(20)
    assert whole("hits").get("sum") == 1_001


def test_a_request_writes_where_the_thread_does_not_run(client: StatsClient) -> None:
    statsd.incr("hits")
    client._worker.stop(10)
    client._overdue = 0.0
    client._worker.start = lambda: None  # type: ignore[method-assign]
    statsd.incr("hits")
    statsd.tick()
    assert whole("hits").get("sum") == 2
    assert client._overdue > time.monotonic()
    del client._worker.start


def test_no_connection_is_left_open(client: StatsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    make = connecting._made

    def keep(alias: str, patience: float) -> Any:
        made.append(make(alias, patience))
        return made[-1]

    monkeypatch.setattr(connecting, "_made", keep)
    statsd.incr("hits")
    assert statsd.flush(10)
    assert len(made) == 1
    assert made[0].connection is None
    assert made[0] is not connections["stats"]


def test_the_window_is_bounded_but_known_names_have_room(client: StatsClient, settings: Any) -> None:
    statsd.close()
    settings.MONITORING_STATS_NAMES = 10
    statsd.incr("steady")
    assert statsd.flush(10)
    for number in range(1_000):
        statsd.incr(f"flood.{number}")
    statsd.incr("steady")
    assert statsd.flush(10)
    assert whole("steady").get("sum") == 2
    assert StatName.objects.using("stats").exclude(name__startswith="django_metrics_statsd.").count() == 10
    assert statsd.telemetry()["dropped"]["series"] == 990


def test_windows_of_different_seconds_go_into_different_rows(
    client: StatsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr(module, "time", lambda: clock[0])
    client._window = client._new_window()
    statsd.incr("hits")
    for _ in range(3):
        clock[0] += 1
        with client._writing:
            client._gather(1, cut=False)
        statsd.incr("hits")
    starts = [batch.start for batch in client._backlog._batches]
    assert starts == [1_000_000, 1_000_001, 1_000_002]
    monkeypatch.undo()


def test_a_closed_client_counts_what_it_could_not_write(client: StatsClient, settings: Any) -> None:
    settings.MONITORING_STATS_DATABASE = "nowhere"
    found = StatsClient()
    found.incr("hits")
    found.close()
    assert found.counts.dropped == {"database": 1}


def test_it_ends_its_thread(client: StatsClient) -> None:
    statsd.incr("hits")
    assert any(thread.name == "django_metrics_statsd.store" for thread in threading.enumerate())
    statsd.close()
    assert not any(thread.name == "django_metrics_statsd.store" for thread in threading.enumerate())


def test_a_process_that_ends_rolls_nothing_up(client: StatsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    statsd.incr("hits")
    assert statsd.flush(10)
    called: list[int] = []
    monkeypatch.setattr(client._keeper, "tidy", lambda: called.append(1))
    monkeypatch.setattr(background.ending, "told", True)
    assert statsd.flush(10)
    assert called == []


def test_a_flush_does_not_wait_for_the_rolling_up(
    client: StatsClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def tidy() -> None:
        begun.set()
        go_on.wait(20)

    statsd.incr("hits")
    assert statsd.flush(10)
    monkeypatch.setattr(client._keeper, "tidy", tidy)
    statsd.incr("hits")
    assert begun.wait(20)
    statsd.incr("hits")
    assert statsd.flush(10)
    assert not go_on.is_set()
    go_on.set()
    assert whole("hits").get("sum") == 3


def test_the_sites_own_connection_is_left_alone(client: StatsClient) -> None:
    before = site_connection.connection
    statsd.incr("hits")
    assert client._write_here(5)
    assert site_connection.connection is before
