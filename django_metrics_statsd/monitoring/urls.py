"""``path("monitoring/", include("django_metrics_statsd.monitoring.urls"))``."""

from __future__ import annotations

from django.urls import path

from django_metrics_statsd.monitoring.views.pages import ChartView, MonitoringView, MonitorPage, OrderView
from django_metrics_statsd.monitoring.views.stats import StatsData, StatsPage

app_name = "metrics_monitoring"
urlpatterns = [
    path("", MonitoringView.as_view(), name="index"),
    path("stats/", StatsPage.as_view(), name="stats"),
    path("stats/data/", StatsData.as_view(), name="stats-data"),
    path("order/", OrderView.as_view(), name="order"),
    path("monitors/<str:name>/", MonitorPage.as_view(), name="monitor"),
    path("monitors/<str:name>/chart/", ChartView.as_view(), name="chart"),
]
