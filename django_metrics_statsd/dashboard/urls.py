"""``path("dashboard/", include("django_metrics_statsd.dashboard.urls"))``."""

from __future__ import annotations

from django.urls import path

from django_metrics_statsd.dashboard import views

app_name = "metrics_dashboard"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("events", views.events, name="events"),
    path("changes", views.changed, name="changes"),
    path("layout", views.arrange, name="layout"),
    path("widget/<str:name>", views.tile, name="widget"),
]
