"""What is drawn on /monitoring/; found by itself, as each app's ``monitors`` is."""

from __future__ import annotations

from datetime import timedelta

from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.thresholds import WARN, Threshold
from django_metrics_statsd.monitoring.views import IntegerCountView

from .models import BooksPutAside

# Past it the chart is red, and the health check `monitoring.checks.thresholds` warns; see WATCHMAN_CHECKS.
SHELF_IS_FULL = Threshold(100, over=timedelta(hours=1), level=WARN, label="the shelf is full")

monitor.register(
    "books_put_aside",
    IntegerCountView.as_view(model=BooksPutAside, category="Shop", thresholds=[SHELF_IS_FULL]),
)
