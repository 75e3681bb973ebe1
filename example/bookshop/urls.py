"""The whole site: the shop at the root, the admin, health, the toolbar, and where browsers send timings."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("shop.urls")),
    path("admin/", admin.site.urls),
    path("watchman/", include("django_metrics_statsd.health.urls")),
    path("monitoring/", include("django_metrics_statsd.monitoring.urls")),
    path("dashboard/", include("django_metrics_statsd.dashboard.urls")),
    path("services/timing/", include("django_metrics_statsd.urls")),
    # Not by debug_toolbar_urls(), which has none while DEBUG is off.
    path("__debug__/", include("debug_toolbar.urls")),
]
