"""``manage.py check``: what is wrong with settings and monitors, and what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.monitoring import system_checks
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups.road import road
from django_metrics_statsd.monitoring.thresholds import Threshold
from django_metrics_statsd.monitoring.views import IntegerCountView
from tests.monitoring.watched import MonitorUserCount

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONITORING_WRITE", "later"),
        ("MONITORING_PERMISSION", "staff"),
        ("MONITORING_TIME_ZONE", "Mars/Olympus"),
        ("MONITORING_RETENTION", {"weeks": 3}),
        ("MONITORING_RETENTION", {"hour": -1}),
        ("MONITORING_SERIES", 0),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, name: str, value: Any) -> None:
    setattr(settings, name, value)
    (found,) = system_checks.check_values()
    assert found.id == "metrics_monitoring.E001"
    assert name in found.msg


def test_a_setting_that_nobody_reads_is_named_with_a_guess(settings: Any) -> None:
    settings.MONITORING_RETENTON = {}
    (found,) = system_checks.check_names()
    assert (found.id, found.hint) == ("metrics_monitoring.W001", "Did you mean MONITORING_RETENTION?")


def test_statistics_that_a_model_has_not_are_named(monitors: None) -> None:
    assert system_checks.check_monitors() == []
    view = IntegerCountView.as_view(model=MonitorUserCount, thresholds=[Threshold(1, statistic="p95")])
    monitor.register("odd", view)
    (found,) = system_checks.check_monitors()
    assert "'p95'" in found.msg
    assert "sum, mean, count" in str(found.hint)


def test_what_was_dropped_is_counted(db: None) -> None:
    assert system_checks.check_database() == []
    assert system_checks.check_drops() == []
    road.counts.drop("buffer_full", 3)
    (found,) = system_checks.check_drops()
    assert "buffer_full: 3" in found.msg


@pytest.mark.parametrize("make", [lambda: Threshold(1, level="red"), lambda: Threshold(1, over=_second())])
def test_a_threshold_that_makes_no_sense_is_refused(make: Callable[[], Threshold]) -> None:
    with pytest.raises(ValueError, match="write"):
        make()


def _second() -> Any:
    from datetime import timedelta

    return timedelta(seconds=1)
