"""The period before, limits, and what is too old: the right buckets, or a word about it, and never zeros."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.test import Client, override_settings

from django_metrics_statsd.monitoring import thresholds
from django_metrics_statsd.monitoring.annotations import annotate
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups.buckets import edges
from django_metrics_statsd.monitoring.rollups.pruning import prune_rollups, retention_of
from django_metrics_statsd.monitoring.rollups.reading import read
from django_metrics_statsd.monitoring.thresholds import Threshold
from django_metrics_statsd.monitoring.views import DurationView, IntegerCountView
from django_metrics_statsd.monitoring.views.periods import earlier
from django_metrics_statsd.monitoring.views.questions import read_question
from tests.monitoring.watched import Checkout, MonitorUserCount

pytestmark = [pytest.mark.urls("tests.monitoring.urls"), pytest.mark.usefixtures("monitors")]


def ago(**before: float) -> datetime:
    return datetime.now(UTC) - timedelta(**before)


def prune(model: Any) -> None:
    list(prune_rollups(model._meta.label_lower, retention_of(model)))


def shown(client: Client, name: str, query: str) -> tuple[Any, dict[str, float]]:
    """The answer, and of each line the sum."""
    answer = client.get(f"/monitoring/monitors/{name}/chart/?format=json&{query}").json()
    return answer, {
        line["label"]: sum(value or 0 for _, value in line["points"]) for line in answer["series"]
    }


def ask(query: str, *now: int) -> tuple[Any, list[int], list[int]]:
    question = read_question(QueryDict(query), now=datetime(*now, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]
    starts = edges(question.start, question.end, question.step, question.zone)
    return question, starts, earlier(question, starts)[0]


def test_months_and_weeks_are_compared_with_those_before() -> None:
    for step in ("week", "month"):
        for day in range(1, 29):
            question, starts, before = ask(f"range=30d&step={step}&tz=UTC", 2026, 3, day, 12)
            assert len(before) == len(starts)
            assert edges(before[0], starts[0], step, question.zone) == before
    _question, starts, before = ask("range=30d&step=month&tz=UTC", 2026, 3, 31, 12)
    assert [datetime.fromtimestamp(each, UTC).month for each in (*before, *starts)] == [2, 3]


def test_hours_are_compared_with_those_of_the_same_time_on_the_wall() -> None:
    question, starts, before = ask("range=7d&step=hour&tz=Europe/Berlin", 2026, 4, 2, 10)
    for start, old in zip(starts, before, strict=True):
        now, then = (datetime.fromtimestamp(each, question.zone) for each in (start, old))
        if now.date().isoformat() != "2026-03-29":  # when the clocks were put on
            assert (now.strftime("%a %H:%M"), now.date() - then.date()) == (
                then.strftime("%a %H:%M"),
                timedelta(days=7),
            )


@pytest.mark.django_db
def test_lines_are_compared_by_series_however_many_there_were(staff_client: Client) -> None:
    for series in ("a", "b"):
        Checkout.add(10, series=series, at=ago(days=1, hours=1))
    for series in ("a", "b", "c"):
        Checkout.add(30, series=series, at=ago(hours=1))
    _, sums = shown(staff_client, "checkout", "compare=1&stat=mean")
    assert sums == {"a": 30, "b": 30, "c": 30, "a, before": 10, "b, before": 10, "c, before": 0}


@pytest.mark.django_db
def test_others_are_compared_with_the_same_others(staff_client: Client) -> None:
    for number in range(12):
        MonitorUserCount.add(100 - number, series=f"s{number:02}", at=ago(hours=1))
        for _ in range(12 - number):
            MonitorUserCount.add(0, series=f"s{number:02}", at=ago(hours=1))
        MonitorUserCount.add(1, series=f"s{number:02}", at=ago(days=1, hours=1))
    _, sums = shown(staff_client, "user_count", "compare=1")
    assert sums["others, before"] == 4
    assert sums["s00, before"] == 1


@pytest.mark.django_db
def test_what_is_too_old_for_minutes_is_read_from_days_of_home_and_said(
    staff_client: Client, settings: Any
) -> None:
    settings.TIME_ZONE = settings.MONITORING_TIME_ZONE = "UTC"
    for day in range(30):
        MonitorUserCount.add(10, at=ago(days=day, minutes=1))
    prune(MonitorUserCount)
    for query in ("range=30d", "range=30d&tz=Asia/Kolkata"):
        assert sum(shown(staff_client, "user_count", query)[1].values()) == 300
    html = staff_client.get(
        "/monitoring/monitors/user_count/chart/?range=30d&tz=Asia/Kolkata"
    ).content.decode()
    assert "So far back days are those of UTC." in html


@pytest.mark.django_db
def test_a_comparison_goes_as_far_back_as_what_is_kept(staff_client: Client) -> None:
    for hour in range(48):  # of which minutes are kept for one day
        Checkout.add(10, at=ago(hours=hour, minutes=1))
    prune(Checkout)
    answer, sums = shown(staff_client, "checkout", "compare=1&stat=count")
    assert answer["step"] == "hour"
    assert list(sums.values()) == pytest.approx([24, 24], abs=2)


@pytest.mark.django_db
def test_a_limit_of_a_sum_is_about_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    view = IntegerCountView.as_view(model=MonitorUserCount, thresholds=[Threshold(600)])
    monitor.register("limited", view)
    base = int(time.time()) // 60 * 60
    for minute in range(20):
        MonitorUserCount.add(110, at=datetime.fromtimestamp(base - minute * 60, UTC))
    for second in (0, 59):
        monkeypatch.setattr(thresholds, "time", lambda second=second: base + second)
        assert thresholds.current(MonitorUserCount, "sum", timedelta(minutes=5)) == 550
        assert list(thresholds.broken("limited")) == []


@pytest.mark.django_db
def test_a_limit_of_a_month_is_read_from_what_is_kept_for_a_month() -> None:
    for day in range(30):
        MonitorUserCount.add(10, at=ago(days=day, minutes=1))
    prune(MonitorUserCount)
    assert thresholds.current(MonitorUserCount, "sum", timedelta(days=30)) == 300


@pytest.mark.django_db
def test_a_limit_is_drawn_for_the_statistic_that_it_is_of_and_said_in_its_unit(staff_client: Client) -> None:
    limits = [Threshold(500, label="slow"), Threshold(1, statistic="count")]
    monitor.register("limited", DurationView.as_view(model=Checkout, thresholds=limits))
    for value in (10, 900):
        Checkout.add(value, at=ago(hours=1))
    html = staff_client.get("/monitoring/monitors/limited/chart/?stat=max").content.decode()
    assert "chart over" not in html
    for _ in range(2):
        Checkout.add(10, at=ago(seconds=70))
    html = staff_client.get("/monitoring/monitors/limited/chart/").content.decode()
    assert "2 ms" not in html.partition("breach")[2].partition("</p>")[0]


@pytest.mark.django_db
def test_days_of_a_zone_whose_clocks_change_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    start, end = (int(datetime(2025, month, 10, tzinfo=zone).timestamp()) for month in (1, 12))
    MonitorUserCount.add(1, at=datetime(2025, 7, 2, 0, 10, tzinfo=zone))
    found = read(MonitorUserCount, start, end, "day", zone)
    (index,) = found.series[""]
    assert datetime.fromtimestamp(found.starts[index], zone).date().isoformat() == "2025-07-02"


@pytest.mark.django_db
@override_settings(USE_TZ=False, TIME_ZONE="Europe/Berlin", MONITORING_TIME_ZONE="America/New_York")
def test_without_zones_times_are_those_of_the_project(staff_client: Client) -> None:
    MonitorUserCount.add(1)
    annotate("deploy")
    age = (
        datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
        - MonitorUserCount.objects.get().datetime_created
    )
    assert abs(age) < timedelta(minutes=1)
    answer, sums = shown(staff_client, "user_count", "range=1h")
    assert [each["text"] for each in answer["annotations"]] == ["deploy"]
    assert list(sums.values()) == [1]


@pytest.mark.django_db
def test_ordering_one_category_leaves_the_others_where_they_are(staff_client: Client) -> None:
    def names() -> list[str]:
        groups = staff_client.get("/monitoring/").context["groups"]
        return [card.name for group in groups for card in group.cards]

    before = names()
    moved = before[-2:]
    data = {"order": moved[::-1]}
    assert staff_client.post("/monitoring/order/", data, content_type="application/json").status_code == 204
    assert names() == [*before[:-2], *moved[::-1]]
