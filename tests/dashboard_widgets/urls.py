"""The view for browsers under another name than ours."""

from django.urls import path

from django_metrics_statsd.beacon.views import record

urlpatterns = [path("timings", record, name="timings")]
