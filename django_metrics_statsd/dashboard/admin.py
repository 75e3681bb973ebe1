"""Which widgets are shown, and what went wrong with them, in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from django_metrics_statsd.dashboard.live.publishing import publish
from django_metrics_statsd.dashboard.models import Widget
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Widget]
else:
    Base = admin.ModelAdmin


@admin.register(Widget)
class WidgetAdmin(Base):
    """A list with a box to tick for each widget that is shown; rows are made by the updates."""

    list_display = ("name", "enabled", "last_update", "last_error")
    list_editable = ("enabled",)
    readonly_fields = ("name", "last_update", "last_error", "lacking")
    search_fields = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: a widget is registered in code."""
        return False

    def save_model(self, request: HttpRequest, obj: Widget, form: Any, change: bool) -> None:
        """Save, and tell open pages, which show a tile or hide it."""
        super().save_model(request, obj, form, change)
        publish(obj.name)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Make sure that widgets that were never updated are in the list too."""
        known = set(Widget.objects.values_list("name", flat=True))
        missing = [name for name in dashboard_widget_pool.get_widgets() if name not in known]
        Widget.objects.bulk_create([Widget(name=name) for name in missing], ignore_conflicts=True)
        return super().get_queryset(request)
