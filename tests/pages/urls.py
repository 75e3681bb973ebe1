"""All three pages."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("dashboard/", include("django_metrics_statsd.dashboard.urls")),
    path("monitoring/", include("django_metrics_statsd.monitoring.urls")),
    path("watchman/", include("django_metrics_statsd.health.urls")),
]
