"""What every widget has: a template, a size, an interval, and values of its own in the database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.db import router
from django.utils import timezone

from django_metrics_statsd.upserts import put

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_metrics_statsd.dashboard.models import Widget

#: A run every minute may begin a little sooner after the last one than a minute: this share of the interval.
EARLY = 0.05


class Need(NamedTuple):
    """What a widget lacks, and how to switch it on; texts to be translated or plain."""

    what: Any
    how: Any


class DashboardWidgetBase:
    """A tile of the dashboard.

    A process has one instance of each registered widget, which several threads use: keep data with
    `save_setting`, not on ``self``.

    Attributes:
        template_name: the template of the tile's inside.
        title: the tile's heading; unset, the class's name in words.
        sizex: columns, 1 to 4.
        sizey: rows, 1 to 3.
        update_interval: seconds between two updates.
        permission: who lacks this permission (``"app.codename"``) does not get the tile; None: everybody.
    """

    template_name: ClassVar[str] = ""
    title: Any = None
    sizex: int = 1
    sizey: int = 1
    update_interval: float = 60
    permission: str | None = None

    def get_name(self) -> str:
        """Return the widget's key in the database and in URLs: letters, digits, ``.``, ``-``, ``_``."""
        return type(self).__name__

    def get_title(self) -> Any:
        """Return the tile's heading."""
        if self.title is not None:
            return self.title
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", type(self).__name__.removesuffix("Widget"))
        return (words[:1] + words[1:].lower()) or type(self).__name__

    def needs(self) -> Need | None:
        """Return what the widget lacks, which its tile then says calmly, or None. Asked often: be quick."""
        return None

    def get_context_data(self) -> dict[str, Any]:
        """Return the template's variables; ``state`` among them (ok, warn, fail, timeout) marks the tile.

        Called for each viewer, so only read here what `update_widget_data` has saved.
        """
        return {}

    def get_context_data_for(self, request: HttpRequest) -> dict[str, Any]:
        """Return the template's variables for who asks: unless it is overridden, the same for everybody."""
        return self.get_context_data()

    def update_widget_data(self) -> Any:
        """Get new data and save them. Open pages are told afterwards, unless this returns False."""
        return None

    def get_setting(self, setting_name: str, default: Any = None) -> Any:
        """Return a value that this widget has saved, or `default`."""
        from django_metrics_statsd.dashboard.models import WidgetSetting

        # Where it is written: a copy may not have it yet when a page is told of it.
        rows = WidgetSetting.objects.using(router.db_for_write(WidgetSetting))
        kept = rows.filter(widget_name=self.get_name(), setting_name=setting_name)
        return next(iter(kept.values_list("value", flat=True)), default)

    def save_setting(self, setting_name: str, value: Any) -> None:
        """Keep any JSON value under this name."""
        from django_metrics_statsd.dashboard.models import WidgetSetting

        put(WidgetSetting, {"value": value}, widget_name=self.get_name(), setting_name=setting_name)

    def get_last_update(self) -> datetime | None:
        """Return when the widget was last updated, whether that went well or not."""
        row = self._row()
        return row.last_update if row else None

    def set_last_update(self, when: datetime | None = None) -> None:
        """Note that the widget was updated now, or at `when`."""
        from django_metrics_statsd.dashboard.models import Widget

        put(Widget, {"last_update": when or timezone.now()}, name=self.get_name())

    def should_update(self) -> bool:
        """Whether ``update_interval`` has passed since the last update."""
        return self.is_due(self.get_last_update())

    def is_due(self, last_update: datetime | None) -> bool:
        """Whether it is time, given the last update. A time ahead of the clock does not hold it up."""
        if last_update is None:
            return True
        early = min(1.0, self.update_interval * EARLY)
        passed = timezone.now() - last_update
        return not timedelta(0) <= passed < timedelta(seconds=self.update_interval - early)

    def send_update(self) -> None:
        """Tell every open page, from any process, to fetch this tile anew; once the transaction commits."""
        from django_metrics_statsd.dashboard.live.publishing import publish

        publish(self.get_name())

    def _row(self) -> Widget | None:
        from django_metrics_statsd.dashboard.models import Widget

        return Widget.objects.filter(name=self.get_name()).first()
