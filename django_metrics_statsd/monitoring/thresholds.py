"""Limits of a monitor: past one, its chart is red, and the health check `checks.thresholds` says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import Any

from django_metrics_statsd.monitoring.conf import home_zone
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.rollups.buckets import floor
from django_metrics_statsd.monitoring.rollups.points import merged
from django_metrics_statsd.monitoring.rollups.reading import read
from django_metrics_statsd.monitoring.rollups.statistics import ADDITIVE, LABELS, needs_spread, value_of

FAIL, WARN = "fail", "warn"
#: From which rollups a time is taken, up to how long.
_STEPS = (("minute", timedelta(days=1)), ("hour", timedelta(days=30)), ("day", timedelta.max))


@dataclass(frozen=True)
class Threshold:
    """A limit for a statistic of the last few minutes.

    Attributes:
        value: the limit, in the unit of the monitor's values.
        below: whether less is bad, instead of more.
        statistic: what is compared; unset, the first that the view draws.
        over: of how long a time until now; whole minutes. Of sums and numbers, the running one is left out.
        level: ``fail`` or ``warn``.
        label: what the limit is called in the chart.
    """

    value: float
    below: bool = False
    statistic: str = ""
    over: timedelta = timedelta(minutes=5)
    level: str = FAIL
    label: str = ""

    def __post_init__(self) -> None:
        if self.level not in {FAIL, WARN}:
            raise ValueError(f"level is {self.level!r}; write {FAIL!r} or {WARN!r}.")
        if self.over < timedelta(minutes=1):
            raise ValueError(f"over is {self.over!r}; write a minute or more.")

    def is_broken_by(self, value: float | None) -> bool:
        """Say whether a value is past the limit; that there is none is not."""
        if value is None:
            return False
        return value < self.value if self.below else value > self.value


@dataclass(frozen=True)
class Broken:
    """A threshold that a monitor is past now, with the value that is."""

    name: str
    threshold: Threshold
    statistic: str
    value: float

    @property
    def label(self) -> str:
        """The statistic in words."""
        return str(LABELS[self.statistic])


def broken(name: str) -> Iterator[Broken]:
    """Yield the thresholds that a monitor is past now, all its series taken together.

    Raises:
        MonitoringRegistryException: there is no such monitor.
        django.db.Error: the database cannot be read.
    """
    for threshold in monitor.get_option(name, "thresholds") or ():
        statistic = threshold.statistic or monitor.get_option(name, "statistics")[0]
        value = current(monitor.get(name), statistic, threshold.over)
        if value is not None and threshold.is_broken_by(value):
            yield Broken(name, threshold, statistic, value)


def current(model: Any, statistic: str, over: timedelta) -> float | None:
    """Return a statistic of what was added within the last time; None where that is nothing.

    What is long is read by the hour or by the day, as minutes are not kept for so long.
    """
    step = next(step for step, most in _STEPS if over <= most)
    zone = home_zone()
    now = int(time())
    # What grows with time is of minutes that are over, so that the time is as long as it says.
    end = floor(now, step, zone) if step == "minute" and statistic in ADDITIVE else now + 1
    found = read(model, end - int(over.total_seconds()), end, step, zone, spread=needs_spread([statistic]))
    points = [point for series in found.series.values() for point in series.values()]
    return value_of(merged(points) if points else None, statistic)
