"""The registry: who may register what, and what is said otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import models

from django_metrics_statsd.monitoring.models import IntegerCountBase
from django_metrics_statsd.monitoring.register import MonitoringRegistryException, monitor
from django_metrics_statsd.monitoring.views import DurationView, IntegerCountView
from tests.monitoring.watched import Checkout, MonitorUserCount, Signup

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("monitors")


def refusal(name: Any, view: Any) -> str:
    with pytest.raises(MonitoringRegistryException) as caught:
        monitor.register(name, view)
    return str(caught.value)


def test_the_seeds_example_works_as_it_stands(db: None) -> None:
    monitor.unregister("user_count")
    monitor.register("user_count", IntegerCountView.as_view(model=MonitorUserCount))
    monitor.get("user_count").add(1)
    row = MonitorUserCount.objects.get()
    assert row.value == 1


def test_a_name_that_is_taken_is_refused_and_said_by_whom() -> None:
    text = refusal("user_count", IntegerCountView.as_view(model=Signup))
    assert "'user_count'" in text
    assert "MonitorUserCount" in text
    assert monitor.get("user_count") is MonitorUserCount


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", None, "x" * 101])
def test_a_name_that_could_be_no_part_of_a_url_is_refused(name: Any) -> None:
    assert "letters, digits" in refusal(name, IntegerCountView.as_view(model=MonitorUserCount))


class Plain(models.Model):  # noqa: DJ008 - has no rows
    class Meta:
        app_label = "watched"


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (IntegerCountView.as_view(), "has no model"),
        (IntegerCountView.as_view(model=Plain), "does not inherit MonitoringBase"),
        (IntegerCountView.as_view(model=IntegerCountBase), "abstract"),
        (IntegerCountView.as_view(model=Checkout), "does not inherit IntegerCountBase"),
        (DurationView.as_view(model=MonitorUserCount), "DurationView can draw nothing else"),
        (IntegerCountView.as_view(model="watched.MonitorUserCount"), "does not inherit MonitoringBase"),
        (lambda request: None, "as_view"),
        (None, "as_view"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(view: Any, says: str) -> None:
    assert says in refusal("new", view)
    assert "new" not in dict(monitor.get_all())


def test_an_unknown_name_says_which_there_are() -> None:
    for call in (monitor.get, monitor.unregister, monitor.get_view_name):
        with pytest.raises(MonitoringRegistryException, match=r"'nobody'.*checkout, conversion"):
            call("nobody")


def test_the_names_of_views_are_those_of_django_monitoring() -> None:
    assert monitor.get_view_name("user_count") == "monitoring_monitorusercount"
    monitor.register("own", IntegerCountView.as_view(model=Signup, view_name="signups"))
    assert monitor.get_view_name("own") == "signups"


def test_all_are_given_in_the_order_in_which_they_were_registered() -> None:
    assert [name for name, _ in monitor.get_all()] == [
        "user_count",
        "checkout",
        "conversion",
        "queue",
        "signup",
    ]
    monitor.unregister("queue")
    assert "queue" not in dict(monitor.get_all())


def test_modules_called_monitors_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    app = tmp_path / "some_watched_app"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "monitors.py").write_text(
        "from django_metrics_statsd.monitoring.register import monitor\n"
        "from django_metrics_statsd.monitoring.views import IntegerCountView\n"
        "from tests.monitoring.watched import Signup\n"
        "monitor.register('found', IntegerCountView.as_view(model=Signup))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    settings.INSTALLED_APPS = ["django_metrics_statsd.monitoring", "some_watched_app"]
    from django_metrics_statsd.monitoring.discovery import discover

    discover()
    assert monitor.get("found") is Signup


@pytest.mark.parametrize("value", ["1", 1.5, True, None])
def test_a_count_of_something_else_than_whole_numbers_is_a_mistake_of_the_caller(value: Any) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        monitor.get("user_count").add(value)
