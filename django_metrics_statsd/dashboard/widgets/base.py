"""What the ready-made widgets share: what they need, what they keep, and ways to ask the store of stats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.safestring import SafeString

from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need
from django_metrics_statsd.dashboard.widgets import needing

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.stats.reading import Series, Summary

#: Minutes that a tile's line shows, and that its numbers sum up.
LINE, NOW = 60, 5


class KeepingWidget(DashboardWidgetBase):
    """Looks now and then, keeps what it found, and shows that.

    Attributes:
        sources: what it lives from, each a function of `needing`.
        told: what the template says besides, in the language of who reads it.
    """

    sources: ClassVar[tuple[needing.Source, ...]] = ()
    told: ClassVar[Mapping[str, Any]] = {}
    update_interval = 10

    def needs(self) -> Need | None:
        """Say what is missing first."""
        return needing.first(self.sources)

    def get_context_data(self) -> dict[str, Any]:
        """Return what was saved, with a line drawn of its ``values``."""
        return drawn({**self.told, **(self.get_setting("data") or {})})

    def update_widget_data(self) -> bool:
        """Save what `look` finds; nothing changed if that is what was there."""
        found = self.look(datetime.now(UTC))
        if found == self.get_setting("data"):
            return False
        self.save_setting("data", found)
        return True

    def look(self, now: datetime) -> dict[str, Any]:
        """Return the template's variables, as JSON knows them."""
        raise NotImplementedError


class StatsWidget(KeepingWidget):
    """Shows stats of the last hour out of the site's own database."""

    def needs(self) -> Need | None:
        """Say first how to keep stats there."""
        return needing.store() or super().needs()


def minutes(names: list[str], now: datetime, figure: str, kind: str) -> Series:
    """Return a figure of several stats as one, for each whole minute of the last hour."""
    from django_metrics_statsd.monitoring.stats import reading

    end = now.replace(second=0, microsecond=0)
    return reading.merged(names, end - timedelta(minutes=LINE), end, 60, figure, kind)


def lately(names: list[str], now: datetime, kind: str, minutes: int = NOW) -> Summary | None:
    """Return the sum of several stats over the last minutes."""
    from django_metrics_statsd.monitoring.stats import reading

    start = now - timedelta(minutes=minutes)
    points = reading.merged(names, start, now, kind=kind, edges=[start, now]).points
    return points[0].summary if points else None


def named(beginning: str, kind: str, wanted: Callable[[str], Any] = bool, limit: int = 5_000) -> list[str]:
    """Return the names of stats that begin so and are `wanted`, by their names without tags."""
    from django_metrics_statsd.monitoring.stats import reading

    found = [stat.name for stat in reading.names(beginning, limit=limit, kind=kind)]
    return [name for name in found if name.startswith(beginning) and wanted(bare(name))]


def bare(name: str) -> str:
    """Return a stat's name without its tags, which the store keeps as ``name;tag=value``."""
    return name.partition(";")[0]


def values(series: Series) -> list[float | None]:
    """Return a series' values, rounded, for a line."""
    return [None if point.value is None else round(point.value, 2) for point in series.points]


def whole(value: float | None) -> float | None:
    """Return a number as people read it."""
    return None if value is None else round(value)


def drawn(data: dict[str, Any]) -> dict[str, Any]:
    """Return saved data with a line drawn of its ``values``."""
    line: SafeString | str = ""
    if any(value is not None for value in data.get("values") or ()):
        from django_metrics_statsd.monitoring.charts import render_sparkline

        line = render_sparkline(data["values"], str(data.get("label", "")), str(data.get("unit", "")))
    return {**data, "line": line}
