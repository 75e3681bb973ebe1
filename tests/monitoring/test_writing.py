"""What `add` leaves behind: rows, rollups, transactions, faults, many writers on real databases."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction

from django_metrics_statsd.monitoring.models import Rollup, Series
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups import recording, writing
from django_metrics_statsd.monitoring.rollups.points import Sample
from django_metrics_statsd.monitoring.rollups.road import road
from django_metrics_statsd.monitoring.rollups.spread import Spread
from tests.hits.database_servers import mariadb_server, postgresql_server
from tests.hits.databases import close, database
from tests.monitoring.watched import MODELS, Checkout, MonitorUserCount, Queue, make_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["mariadb_server", "postgresql_server"]

ALIAS = "watching"


def minute(model: Any, alias: str = "default") -> list[Rollup]:
    label = model._meta.label_lower
    return list(Rollup.objects.using(alias).filter(series__monitor=label, resolution=60).order_by("start"))


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Transactions are real; no flush knows the tables of a model that belongs to no installed app."""
    yield
    for model in MODELS:
        model._base_manager.all().delete()


@pytest.fixture
def background(settings: Any) -> None:
    settings.MONITORING_WRITE = "background"


def test_an_add_is_a_row_and_a_rollup_of_a_minute_an_hour_and_a_day(monitors: None, db: None) -> None:
    monitor.get("user_count").add(2)
    monitor.get("user_count").add(3)
    assert sorted(MonitorUserCount.objects.values_list("value", flat=True)) == [2, 3]
    assert (
        set(Rollup.objects.values_list("resolution", "count", "total"))
        == {
            (60, 2, 5.0),
            (3_600, 2, 5.0),
            (86_400, 2, 5.0),
        }
        or len(minute(MonitorUserCount)) == 2
    )  # a minute may have begun in between


def test_what_is_added_in_a_transaction_that_is_rolled_back_does_not_count(
    monitors: None, background: None, committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Sample] = []
    monkeypatch.setattr(road, "put", lambda model, sample: kept.append(sample))
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - what is added before it
        monitor.get("user_count").add(1)
        raise ZeroDivisionError
    with transaction.atomic():
        monitor.get("user_count").add(2)
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            monitor.get("user_count").add(3)
            raise ZeroDivisionError
        assert kept == []
    assert [sample.value for sample in kept] == [2]


def test_a_database_without_the_tables_costs_the_caller_nothing(
    monitors: None, committed: None, faults: dict[str, int]
) -> None:
    with connections["default"].schema_editor() as editor:
        editor.delete_model(MonitorUserCount)
    try:
        with transaction.atomic():
            monitor.get("user_count").add(1)
            monitor.get("queue").add(7)
            assert Queue.objects.count() == 1  # the transaction is as good as before
        assert road.waiting == 1
    finally:
        with connections["default"].schema_editor() as editor:
            editor.create_model(MonitorUserCount)
    assert road.flush()
    assert MonitorUserCount.objects.count() == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, -1e300])
def test_what_is_no_number_that_can_be_kept_is_counted(monitors: None, db: None, value: float) -> None:
    monitor.get("queue").add(value)
    assert road.counts.dropped == {"not_finite": 1}
    assert Queue.objects.count() == 0


def test_a_coroutine_may_add_and_await_it(monitors: None, committed: None) -> None:
    async def visit() -> None:
        monitor.get("user_count").add(1)  # no database in an event loop: it goes with the next
        await monitor.get("user_count").aadd(2)

    asyncio.run(visit())
    assert road.flush()
    assert sorted(MonitorUserCount.objects.values_list("value", flat=True)) == [1, 2]
    connections["default"].close()


def test_series_past_the_limit_become_other(monitors: None, db: None, settings: Any) -> None:
    settings.MONITORING_SERIES = 2
    for name in ("a", "b", "c", "d"):
        monitor.get("user_count").add(1, series=name)
    assert set(Series.objects.values_list("name", flat=True)) == {"a", "b", "_other"}


def test_a_full_buffer_drops_the_oldest_and_counts_them(settings: Any) -> None:
    settings.MONITORING_BUFFER = 100
    for number in range(103):
        road.hold(Queue, Sample(1.0, "", number))
    assert (road.waiting, road.counts.dropped) == (100, {"buffer_full": 3})
    assert road._waiting[0][1].value == 3
    road._waiting.clear()


class Router:
    """Has all of monitoring in the database of the test."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return ALIAS if model._meta.app_label in {"metrics_monitoring", "watched"} else None

    db_for_write = db_for_read


@contextmanager
def watching(settings: dict[str, Any], router: Any) -> Iterator[str]:
    router.DATABASE_ROUTERS = [Router()]
    with database(ALIAS, settings, migrated=False) as alias:
        call_command("migrate", "metrics_monitoring", database=alias, verbosity=0)
        make_tables(alias)
        yield alias


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def alias(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Any, django_db_blocker: Any
) -> Iterator[str]:
    """The alias of a database with all tables, of each kind."""
    if request.param == "sqlite":
        found: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": tmp_path / "monitoring.sqlite3",
            "OPTIONS": {"timeout": 30},
        }
    else:
        found = request.getfixturevalue(f"{request.param}_server").settings()
    with django_db_blocker.unblock(), watching(found, settings) as known:
        yield known
        if request.param != "sqlite":
            drop_all(known)


def drop_all(alias: str) -> None:
    """The server is the module's; the next test makes its tables anew."""
    with connections[alias].cursor() as cursor:
        tables = connections[alias].introspection.table_names(cursor)
        if connections[alias].vendor == "mysql":
            cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
        for table in tables:
            cascade = " CASCADE" if connections[alias].vendor == "postgresql" else ""
            cursor.execute(f"DROP TABLE {connections[alias].ops.quote_name(table)}{cascade}")


@pytest.mark.service
def test_no_add_of_many_writers_is_lost(alias: str) -> None:
    start = int(time.time()) // 86_400 * 86_400 + 7_200
    writers, rounds, size = 6, 8, 40
    problems: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for turn in range(rounds):
                batch: list[Any] = []
                for index in range(size):
                    moment = start + (index % 5) * 60 + turn
                    batch.append((MonitorUserCount, Sample(moment, "ab"[index % 2], 1)))
                    batch.append((Checkout, Sample(moment, "", float(number * 100 + index + 1))))
                deadline = time.monotonic() + 60
                while batch and time.monotonic() < deadline:
                    batch, dropped, _ = writing.write(batch)
                    assert dropped == 0
                assert not batch
        except BaseException as error:
            problems.append(error)
        finally:
            close(connections[ALIAS])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    total = writers * rounds * size
    assert MonitorUserCount.objects.count() == total
    for resolution in (60, 3_600, 86_400):
        of = Rollup.objects.filter(resolution=resolution)
        assert (
            sum(of.filter(series__monitor="watched.monitorusercount").values_list("total", flat=True))
            == total
        )
        checkouts = list(of.filter(series__monitor="watched.checkout"))
        assert sum(each.count for each in checkouts) == total
        assert sum(Spread.unpack(each.sketch).bins.total() for each in checkouts) == total
        assert min(each.low for each in checkouts) == 1
        assert max(each.high for each in checkouts) == (writers - 1) * 100 + size
    latest = max(minute(Checkout, ALIAS), key=lambda each: each.start)
    assert latest.last_at == start + 4 * 60 + rounds - 1


@pytest.mark.service
def test_the_thread_writes_within_seconds_of_the_commit(alias: str, background: None) -> None:
    before = road.counts.sent
    with transaction.atomic(using=ALIAS):
        recording.record(MonitorUserCount, Sample(time.time(), "", 4))
    assert road.flush(20)
    assert MonitorUserCount.objects.get().value == 4
    assert road.counts.sent - before == 1
    road.close()
