"""The health app's addresses, where django-watchman's documents have them."""

from __future__ import annotations

from django.urls import include, path

from django_metrics_statsd.health import views

urlpatterns = [
    path("watchman/", include("django_metrics_statsd.health.urls")),
    path("bare/", views.bare_status),
]
