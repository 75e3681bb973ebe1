"""Widgets of the site: one that counts, one that fails to draw, one that lacks something, and more."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool


class Counter(DashboardWidgetBase):
    template_name = "dashsite/number.html"
    title = "Orders"
    update_interval = 1

    def get_context_data(self) -> dict[str, Any]:
        value = self.get_setting("value", 0)
        return {"value": value, "state": "warn" if value >= 100 else "ok", "language": get_language()}

    def update_widget_data(self) -> None:
        self.save_setting("value", self.get_setting("value", 0) + 1)


class Wide(Counter):
    title = "Queue"
    sizex = 2

    def update_widget_data(self) -> bool:
        return False


class Table(DashboardWidgetBase):
    template_name = "dashsite/table.html"
    title = "Checks"
    sizey = 2


class Broken(DashboardWidgetBase):
    template_name = "dashsite/number.html"

    def get_context_data(self) -> dict[str, Any]:
        raise ZeroDivisionError("drawn in vain")

    def update_widget_data(self) -> None:
        raise LookupError("updated in vain")


class Lacking(DashboardWidgetBase):
    template_name = "dashsite/number.html"
    title = "Visitors"

    def needs(self) -> Need:
        return Need("hits", "Add django_metrics_statsd.hits to INSTALLED_APPS.")


class Secret(Counter):
    title = "Salaries"
    permission = "auth.view_user"


for each in (Counter, Wide, Table, Broken, Lacking, Secret):
    dashboard_widget_pool.register_widget(each)
