"""``path("services/timing/", include("django_metrics_statsd.urls"))``: where browsers send their timings."""

from __future__ import annotations

from django.urls import path

from django_metrics_statsd.beacon.views import record

app_name = "django_metrics_statsd"
urlpatterns = [path("record", record, name="record")]
