"""What the ready-made widgets share: the need for the store of stats, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.stats.reading import Series, Summary

MONITORING = "django_metrics_statsd.monitoring"
CLIENT = f"{MONITORING}.client"
#: Minutes that a tile's line shows, and that its numbers sum up.
LINE, NOW = 60, 5


class StatsWidget(DashboardWidgetBase):
    """Shows stats of the last hour out of the site's own database."""

    update_interval = 10

    def needs(self) -> Need | None:
        """Say how to keep stats in the database, where the site does not."""
        if not apps.is_installed(MONITORING):
            return Need(_("the stats of this site"), _("Add “%s” to INSTALLED_APPS.") % MONITORING)
        from django_metrics_statsd.conf import conf

        if not any(path.startswith(CLIENT) for path in conf.STATSD_CLIENT):
            return Need(_("the stats of this site"), _("Add “%s” to STATSD_CLIENT.") % CLIENT)
        return None

    def get_context_data(self) -> dict[str, Any]:
        """Return what was saved."""
        return dict(self.get_setting("data") or {})

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


def minutes(names: list[str], now: datetime, figure: str, kind: str) -> Series:
    """Return a figure of several stats as one, for each whole minute of the last hour."""
    from django_metrics_statsd.monitoring.stats import reading

    end = now.replace(second=0, microsecond=0)
    return reading.merged(names, end - timedelta(minutes=LINE), end, 60, figure, kind)


def lately(names: list[str], now: datetime, kind: str) -> Summary | None:
    """Return the sum of several stats over the last minutes."""
    from django_metrics_statsd.monitoring.stats import reading

    start = now - timedelta(minutes=NOW)
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
