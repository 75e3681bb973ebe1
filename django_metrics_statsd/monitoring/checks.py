"""The health check of monitoring: ``django_metrics_statsd.monitoring.checks.thresholds``.

WATCHMAN_CHECKS = [..., "django_metrics_statsd.monitoring.checks.thresholds"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django_metrics_statsd.health.checks.base import Check, Fail, Warn
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.thresholds import WARN, broken


@dataclass(kw_only=True)
class thresholds(Check):  # noqa: N801 - settings name it as they name functions
    """Whether every monitor is within its thresholds; a part for each monitor that has some.

    Attributes:
        monitors: only these, by name; unset, all.
    """

    monitors: tuple[str, ...] = ()

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield each monitor that has thresholds."""
        for name, _ in monitor.get_all():
            if monitor.get_option(name, "thresholds") and (not self.monitors or name in self.monitors):
                yield name, partial(self._within, name)

    def run(self) -> Any:
        """Check all of them in turn.

        Raises:
            Fail: a monitor is past a limit.
            Warn: a monitor is past a limit of the level ``warn``.
        """
        for _, function in self.parts():
            function()

    def _within(self, name: str) -> dict[str, Any]:
        found = sorted(broken(name), key=lambda each: each.threshold.level == WARN)
        if not found:
            return {}
        worst = found[0]
        side = "below" if worst.threshold.below else "over"
        message = f"{name}: {worst.statistic} is {worst.value:g}, {side} {worst.threshold.value:g}"
        raise (Warn if worst.threshold.level == WARN else Fail)(message)
