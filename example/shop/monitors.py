"""What is drawn on /monitoring/; found by itself, as each app's ``monitors`` is."""

from __future__ import annotations

from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.views import IntegerCountView

from .models import BooksPutAside

monitor.register("books_put_aside", IntegerCountView.as_view(model=BooksPutAside, category="Shop"))
