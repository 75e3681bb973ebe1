"""One odd sample, series, model or view harms nobody else, in each kind of database."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.views.generic import View

from django_metrics_statsd.monitoring.annotations import annotate
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups import writing
from django_metrics_statsd.monitoring.rollups.points import Sample
from django_metrics_statsd.monitoring.rollups.rebuilding import rebuild
from django_metrics_statsd.monitoring.rollups.recording import when_committed
from django_metrics_statsd.monitoring.rollups.road import Road, road
from django_metrics_statsd.monitoring.tables import Rollup, Series
from tests.monitoring.test_writing import ALIAS, alias, background, mariadb_server, postgresql_server
from tests.monitoring.watched import MonitorUserCount, Queue

__all__ = ["alias", "background", "mariadb_server", "postgresql_server"]

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.service
@pytest.mark.parametrize("names", [("Mobile", "mobile"), ("a", "a "), ("e", "é"), ("x", "😀")])
def test_series_that_a_collation_takes_for_equal_are_two(alias: str, names: tuple[str, str]) -> None:
    now = time.time()
    batch: list[Any] = [(MonitorUserCount, Sample(now, name, 1)) for name in (*names, "")]
    for _ in range(2):
        assert writing.write(batch) == ([], 0, False)
    found = Rollup.objects.filter(resolution=60).values_list("series__name", "count")
    assert sorted(found) == sorted([(names[0], 2), (names[1], 2), ("", 2)])


def test_a_name_is_made_fit_for_every_database(db: None) -> None:
    """Half a pair of surrogates can come out of a visitor's JSON; a blank at the end is none to MariaDB."""
    for series in ("\ud800", "mobile ", "a\x00b"):
        MonitorUserCount.add(1, series=series)
    assert set(Series.objects.values_list("name", flat=True)) == {"?", "mobile", "ab"}


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [Sample(0.0, "\ud800", 1), Sample(-62_135_596_800.0, "", 1)])
def test_of_a_batch_the_one_that_cannot_be_written_is_dropped(
    settings: Any, faults: dict[str, int], bad: Sample
) -> None:
    settings.MONITORING_TIME_ZONE = "America/New_York"
    good: list[Any] = [(MonitorUserCount, Sample(time.time(), "", 1)) for _ in range(300)]
    assert writing.write([*good[:100], (MonitorUserCount, bad), *good[100:]]) == ([], 1, False)
    assert MonitorUserCount.objects.count() == 300
    assert faults == {"monitoring.write.watched.monitorusercount": 1}


def test_a_time_past_all_calendars_is_dropped_at_once(db: None) -> None:
    MonitorUserCount.add(1, at=datetime(1, 1, 1, tzinfo=UTC))
    assert road.counts.dropped == {"not_finite": 1}


@pytest.mark.django_db
def test_a_model_that_cannot_be_written_does_not_keep_the_others_back() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER TABLE watched_queue RENAME TO gone")
    own, now = Road(), time.time()
    for _ in range(5_000):
        own.hold(Queue, Sample(now, "", 1.0))
    for _ in range(10):
        own.hold(MonitorUserCount, Sample(now, "", 1))
    own._write()
    assert MonitorUserCount.objects.count() == 10
    assert own.waiting == 5_000
    assert 0 < own._pause._until - time.monotonic() < 2.5


@pytest.mark.django_db
def test_the_bound_of_series_holds_for_all_processes_together(settings: Any) -> None:
    settings.MONITORING_SERIES = 20
    for process in range(10):
        writing._series.clear()  # as in a process of its own
        writing.write([(MonitorUserCount, Sample(time.time(), f"{process}-{each}", 1)) for each in range(8)])
    assert Series.objects.filter(monitor="watched.monitorusercount").count() == 21
    assert sum(Rollup.objects.filter(resolution=60).values_list("count", flat=True)) == 80


@pytest.mark.service
@pytest.mark.parametrize("known", [True, False])
def test_what_is_added_while_rollups_are_made_anew_is_counted_once(alias: str, known: bool) -> None:
    base = int(time.time()) // 3_600 * 3_600
    first = Sample(base + 1, "", 1)
    if known:
        writing.write([(MonitorUserCount, first)])
    else:
        MonitorUserCount.objects.create(value=1, datetime_created=datetime.fromtimestamp(first.at, UTC))
    written, go_on = threading.Event(), threading.Event()

    def add() -> None:
        with transaction.atomic(using=ALIAS):
            writing.write([(MonitorUserCount, Sample(base + 130, "", 1))])
            written.set()
            go_on.wait(3)
        connections[ALIAS].close()

    writer = threading.Thread(target=add)
    writer.start()
    written.wait(5)
    threading.Timer(0.5, go_on.set).start()
    list(rebuild(MonitorUserCount))
    writer.join()
    if connections[alias].vendor == "sqlite":
        list(rebuild(MonitorUserCount))  # one of the two may have given way to the other
    for resolution in (60, 3_600, 86_400):
        counts = Rollup.objects.filter(resolution=resolution).values_list("count", flat=True)
        assert sum(counts) == MonitorUserCount.objects.count()


@pytest.mark.django_db
def test_a_day_of_which_rows_were_deleted_keeps_its_rollups(settings: Any) -> None:
    settings.TIME_ZONE = settings.MONITORING_TIME_ZONE = "UTC"
    settings.MONITORING_RETENTION = {"rows": 30}
    day = (int(time.time()) // 86_400 - 30) * 86_400
    for hour in range(24):
        MonitorUserCount.add(1, at=datetime.fromtimestamp(day + hour * 3_600, UTC))
    old = datetime.fromtimestamp(day + 12 * 3_600, UTC)
    MonitorUserCount.objects.filter(datetime_created__lt=old).delete()
    list(rebuild(MonitorUserCount))
    assert Rollup.objects.get(resolution=86_400, start=day).total == 24


def test_what_one_transaction_took_back_is_not_added_when_another_one_commits(alias: str) -> None:
    if connections[alias].vendor != "sqlite":
        return
    called: list[str] = []
    names = [each.alias for each in connections.all(initialized_only=True)][:2]
    for first, second in (names, names[::-1]):
        with transaction.atomic(using=second):
            try:
                with transaction.atomic(using=first):
                    when_committed(lambda: called.append("inner"))
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
        assert called == []
        with transaction.atomic(using=second), transaction.atomic(using=first):
            when_committed(lambda: called.append("both"))
            assert called == []
        assert called == ["both"]
        called.clear()


@pytest.mark.urls("tests.monitoring.urls")
@pytest.mark.parametrize("kind", ["json", "csv"])
@pytest.mark.parametrize(
    "url", ["/monitoring/monitors/queue/?format=%s", "/monitoring/?charts=all&format=%s"]
)
def test_an_export_never_becomes_part_of_a_page(
    monitors: None, staff_client: Client, kind: str, url: str
) -> None:
    monitor.get("queue").add(1, series=MARKUP)
    annotate(MARKUP)
    answer = staff_client.get(url % kind)
    assert answer["Content-Type"].startswith("text/html")
    assert MARKUP not in answer.content.decode()
    assert "chart-picture" in answer.content.decode()


class Plain(View):
    """As somebody writes it who knows of nothing here."""

    model = MonitorUserCount

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(MARKUP, content_type="text/plain")


class Async(View):
    model = MonitorUserCount

    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("<b>awaited</b>")


@pytest.mark.urls("tests.monitoring.urls")
def test_views_of_the_sites_own_are_shown_whatever_they_are(monitors: None, staff_client: Client) -> None:
    for name, view in (("plain", Plain), ("async", Async)):
        monitor.register(name, view.as_view())
    for name in ("plain", "async"):
        assert staff_client.get(f"/monitoring/monitors/{name}/chart/").status_code == 200
    html = staff_client.get("/monitoring/?charts=all").content.decode()
    assert "<b>awaited</b>" in html
    assert MARKUP not in html
    assert "&lt;img" in html


@pytest.mark.urls("tests.monitoring.urls")
def test_an_order_that_is_too_deep_is_refused(monitors: None, staff_client: Client) -> None:
    answer = staff_client.post("/monitoring/order/", "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400
