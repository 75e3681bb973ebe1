"""The dashboard alone."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("dashboard/", include("django_metrics_statsd.dashboard.urls"))]
