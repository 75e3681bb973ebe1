"""The pages: who sees them, what they show of a question, and what they give away as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from django_metrics_statsd.monitoring.annotations import annotate
from django_metrics_statsd.monitoring.models import Annotation, Rollup
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups.pruning import prune_rollups, retention_of
from django_metrics_statsd.monitoring.thresholds import broken
from django_metrics_statsd.monitoring.views.questions import read_question
from tests.monitoring.watched import Checkout, MonitorUserCount

pytestmark = [pytest.mark.urls("tests.monitoring.urls"), pytest.mark.usefixtures("monitors")]

PAGES = ["", "stats/", "stats/data/", "monitors/user_count/", "monitors/user_count/chart/"]
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()


def question(query: str) -> Any:
    return read_question(QueryDict(query), NOW)


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_the_login_page(db: None, page: str) -> None:
    response = Client().get(f"/monitoring/{page}")
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/monitoring/")


@pytest.mark.parametrize("page", PAGES)
def test_users_who_are_not_staff_are_refused(db: None, page: str) -> None:
    from django.contrib.auth.models import User

    client = Client()
    client.force_login(User.objects.create_user("plain"))
    assert client.get(f"/monitoring/{page}").status_code == 403


def test_a_permission_may_let_in_instead(db: None, settings: Any, staff_client: Client) -> None:
    settings.MONITORING_PERMISSION = "metrics_monitoring.view_monitoring"
    assert staff_client.get("/monitoring/").status_code == 403


def test_the_page_has_each_monitor_below_its_category_and_no_chart_yet(staff_client: Client) -> None:
    text = staff_client.get("/monitoring/?range=7d").content.decode()
    assert text.count("data-monitor=") == 5
    text = text[text.index("data-monitors") :]
    assert text.index("queue") < text.index("People") < text.index("New users") < text.index("Shop")
    assert "/monitoring/monitors/checkout/chart/?range=7d" in text
    assert '<svg class="chart-picture"' not in text
    assert "style=" not in text
    assert "<script>" not in text


def test_a_category_and_all_charts_with_the_page(staff_client: Client) -> None:
    monitor.get("checkout").add(120)
    text = staff_client.get("/monitoring/?category=Shop&charts=all").content.decode()
    assert text.count("data-monitor=") == 2
    assert "120 ms" in text


def test_an_order_is_kept_per_user(staff_client: Client) -> None:
    sent = json.dumps({"order": ["signup", "queue", "nobody", "user_count"]})
    response = staff_client.post("/monitoring/order/", sent, content_type="application/json")
    assert response.status_code == 204
    text = staff_client.get("/monitoring/").content.decode()
    assert text.index('data-monitor="signup"') < text.index('data-monitor="user_count"')


@pytest.mark.parametrize("sent", ["", "{}", '{"order": 3}', '{"order": [1]}', "[", '"x"'])
def test_what_is_no_order_is_refused(staff_client: Client, sent: str) -> None:
    assert staff_client.post("/monitoring/order/", sent, content_type="application/json").status_code == 400


def test_an_unknown_monitor_is_not_found(staff_client: Client) -> None:
    assert staff_client.get("/monitoring/monitors/nobody/chart/").status_code == 404


def test_days_are_those_of_the_zone_also_where_clocks_change(staff_client: Client) -> None:
    zone = ZoneInfo("Europe/Berlin")
    today = timezone.now().astimezone(zone).replace(hour=0, minute=30, second=0, microsecond=0)
    monitor.get("user_count").add(3, at=today)
    monitor.get("user_count").add(4, at=today - timedelta(hours=1))
    url = "/monitoring/monitors/user_count/chart/?range=7d&step=day&tz=Europe/Berlin&format=json"
    points = staff_client.get(url).json()["series"][0]["points"]
    assert [value for _, value in points[-2:]] == [4, 3]
    assert points[-1][0].startswith(today.strftime("%Y-%m-%dT00:00:00"))


def test_the_period_before_is_drawn_bucket_by_bucket(staff_client: Client) -> None:
    now = timezone.now()
    monitor.get("user_count").add(5, at=now - timedelta(days=1))
    monitor.get("user_count").add(7, at=now - timedelta(minutes=1))
    url = "/monitoring/monitors/user_count/chart/?range=6h&compare=1&format=json"
    line, before = staff_client.get(url).json()["series"]
    assert sum(value for _, value in line["points"]) == 7
    assert (before["compare"], sum(value or 0 for _, value in before["points"])) == (True, 0)
    url = "/monitoring/monitors/user_count/chart/?range=24h&compare=1&format=json"
    line, before = staff_client.get(url).json()["series"]
    assert sum(value or 0 for _, value in before["points"]) == 5


@pytest.mark.parametrize(
    ("query", "step", "hours"),
    [
        ("", "5min", 24),
        ("range=1h", "minute", 1),
        ("range=1y", "day", 365 * 24),
        ("range=1y&step=minute", "day", 365 * 24),
        ("range=1y&step=month", "month", 365 * 24),
        ("from=2026-03-28T00:00&to=2026-03-29T00:00&tz=Europe/Berlin", "5min", 24),
        ("from=2026-03-29T00:00&to=2026-03-30T00:00&tz=Europe/Berlin", "5min", 23),
    ],
)
def test_a_question_is_what_the_query_string_says(query: str, step: str, hours: int) -> None:
    asked = question(query)
    assert bool(asked.problems) == ("step=minute" in query)
    assert asked.step == step
    slack = 31 * 86_400 if step == "month" else 90_000
    assert 0 <= asked.end - asked.start - hours * 3_600 <= slack


@pytest.mark.parametrize(
    "query",
    ["range=2h", "from=x&range=own", "range=own", "tz=Mars", "step=year", "from=2026-02-01&to=2025-01-01"],
)
def test_what_makes_no_sense_is_said_and_something_shown(query: str) -> None:
    asked = question(query)
    assert len(asked.problems) >= 1
    assert asked.end - asked.start >= 3_600


def test_a_day_before_shows_the_same_clock_over_a_change() -> None:
    asked = question("range=24h&tz=Europe/Berlin")
    start, end = asked.before()
    assert end - asked.end == -23 * 3_600
    assert asked.start - start == 86_400


def test_a_link_keeps_the_view() -> None:
    query = "range=own&from=2026-03-01T00:00&to=2026-03-05T00:00&step=hour&tz=UTC&compare=1&stat=p95&stat=max"
    assert question(query).statistics == ("p95", "max")
    again = question(question(query).link())
    assert (again.start, again.end, again.step, again.statistics) == (
        question(query).start,
        question(query).end,
        "hour",
        ("p95", "max"),
    )


def test_csv_is_safe_for_spreadsheets(staff_client: Client) -> None:
    at = timezone.now()
    monitor.get("user_count").add(2, series="=cmd|' /C calc'!A0", at=at)
    monitor.get("user_count").add(3, series="mobile", at=at)
    response = staff_client.get("/monitoring/monitors/user_count/chart/?range=1h&format=csv")
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert set(rows[0]) == {"time", "'=cmd|' /C calc'!A0", "mobile"}
    assert sorted(sum(float(row[index]) for row in rows[1:]) for index in (1, 2)) == [2, 3]
    assert "attachment" in response["Content-Disposition"]


def test_statistics_are_those_that_the_model_allows(staff_client: Client) -> None:
    at = timezone.now()  # one minute for all, whenever a new one begins
    for value in range(1, 101):
        monitor.get("checkout").add(value, at=at)
    url = "/monitoring/monitors/checkout/chart/?range=1h&format=json&stat=p50&stat=p99&stat=ratio"
    lines = staff_client.get(url).json()["series"]
    assert [line["label"] for line in lines] == ["median", "99th percentile"]
    found = [max(value or 0 for _, value in line["points"]) for line in lines]
    assert found == pytest.approx([50, 99], rel=0.03)


def test_a_ratio_is_that_of_the_sums_and_rows_alone_are_drawn_too(staff_client: Client) -> None:
    at = timezone.now()
    monitor.get("conversion").add(1, 3, at=at)
    monitor.get("conversion").add(0, 1, at=at)
    monitor.get("signup").add(6)
    assert not Rollup.objects.filter(series__monitor="watched.signup").exists()
    get = "/monitoring/monitors/{}/chart/?range=1h&format=json"
    ratio = staff_client.get(get.format("conversion")).json()["series"][0]["points"]
    assert [value for _, value in ratio if value is not None] == [0.25]
    rows = staff_client.get(get.format("signup")).json()["series"][0]["points"]
    assert sum(value for _, value in rows) == 6


def test_a_broken_threshold_turns_the_chart_red_and_the_health_check(staff_client: Client) -> None:
    from django_metrics_statsd.health.checks.base import Fail
    from django_metrics_statsd.monitoring.checks import thresholds

    thresholds().run()
    monitor.get("checkout").add(900)
    text = staff_client.get("/monitoring/monitors/checkout/chart/?range=1h").content.decode()
    assert 'data-state="fail"' in text
    assert "over 500" in text
    assert [each.statistic for each in broken("checkout")] == ["p95"]
    with pytest.raises(Fail, match="checkout: p95 is 900, over 500"):
        thresholds().run()


def test_a_ping_marks_its_moment_in_charts(staff_client: Client) -> None:
    call_command("statsd_ping", "--message", "deploy 1.2", verbosity=0)
    annotate("later", timezone.now() + timedelta(days=1))
    monitor.get("user_count").add(1)
    found = staff_client.get("/monitoring/monitors/user_count/chart/?range=1h&format=json").json()
    assert [each["text"] for each in found["annotations"]] == ["deploy 1.2"]
    assert Annotation.objects.count() == 2


def test_retention_is_the_models_own(staff_client: Client) -> None:
    monitor.get("checkout").add(1, at=timezone.now() - timedelta(days=40))
    monitor.get("checkout").add(2)
    assert sum(prune_rollups("watched.checkout", retention_of(Checkout))) == 2  # the minute and the hour
    assert set(Rollup.objects.values_list("resolution", "total")) == {
        (60, 2.0),
        (3_600, 2.0),
        (86_400, 2.0),
        (86_400, 1.0),
    }


def test_rollups_can_be_made_anew_from_rows(staff_client: Client) -> None:
    for days in (0, 1, 40):
        monitor.get("user_count").add(days + 1, at=timezone.now() - timedelta(days=days))
    Rollup.objects.all().delete()
    MonitorUserCount.objects.create(value=100)
    call_command("rollup_monitors", "user_count", verbosity=0)
    call_command("rollup_monitors", "user_count", verbosity=0)
    days = Rollup.objects.filter(resolution=86_400)
    assert sum(days.values_list("total", flat=True)) == 1 + 2 + 41 + 100


def test_prune_monitors_can_say_what_would_go(
    staff_client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    monitor.get("checkout").add(1, at=timezone.now() - timedelta(days=40))
    call_command("prune_monitors", "--dry-run")
    assert (
        "watched.checkout: 2 rollups older than their retention would be deleted" in capsys.readouterr().out
    )
    assert Rollup.objects.count() == 3
    call_command("prune_monitors", "checkout")
    assert Rollup.objects.count() == 1


def test_a_wall_screen_shows_one_monitor_or_stats_anew_each_minute(staff_client: Client) -> None:
    """The page of all monitors loads its charts anew by itself."""
    again = '<meta http-equiv="refresh" content="60">'
    for path, by_itself in (("", False), ("monitors/user_count/", True), ("stats/", True)):
        assert (again in staff_client.get(f"/monitoring/{path}?kiosk").content.decode()) is by_itself
        assert again not in staff_client.get(f"/monitoring/{path}").content.decode()
