"""The views that draw monitors, and the pages that have them.

monitor.register("user_count", IntegerCountView.as_view(model=MonitorUserCount))
"""

from __future__ import annotations

from django_metrics_statsd.monitoring.views.access import StaffOnly
from django_metrics_statsd.monitoring.views.monitors import (
    DurationView,
    IntegerCountView,
    LevelView,
    MonitorView,
    RatioView,
)
from django_metrics_statsd.monitoring.views.pages import MonitoringView

__all__ = [
    "DurationView",
    "IntegerCountView",
    "LevelView",
    "MonitorView",
    "MonitoringView",
    "RatioView",
    "StaffOnly",
]
