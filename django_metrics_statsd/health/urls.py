"""``path("watchman/", include("django_metrics_statsd.health.urls"))``; names are django-watchman's."""

from __future__ import annotations

from django.urls import path

from django_metrics_statsd.health import views

urlpatterns = [
    path("", views.status, name="status"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("ping/", views.ping, name="ping"),
    path("live/", views.live, name="live"),
    path("ready/", views.ready, name="ready"),
    path("startup/", views.startup, name="startup"),
]
