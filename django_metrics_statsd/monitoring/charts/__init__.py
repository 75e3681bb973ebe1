"""Charts as SVG, drawn on the server: pure functions from series to markup, without requests or models.

    chart = Chart("Requests", [Series("GET", points)], start, end, unit="requests/s", tz=zone)
    render(chart)

The page brings ``metrics_monitoring/chart.css``, and ``metrics_monitoring/chart.js`` for the crosshair.
"""

from __future__ import annotations

from django_metrics_statsd.monitoring.charts.data import Annotation, Chart, Kind, Series, Threshold
from django_metrics_statsd.monitoring.charts.drawing import render
from django_metrics_statsd.monitoring.charts.limits import is_over
from django_metrics_statsd.monitoring.charts.sparkline import render_sparkline
from django_metrics_statsd.monitoring.charts.units import format_value

__all__ = [
    "Annotation",
    "Chart",
    "Kind",
    "Series",
    "Threshold",
    "format_value",
    "is_over",
    "render",
    "render_sparkline",
]
