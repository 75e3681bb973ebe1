"""The ready-made widgets that the settings ask for, in the order in which a new dashboard has them."""

from __future__ import annotations

from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.dashboard.widgets import health, traffic

_KINDS = {
    kind.__name__: kind
    for kind in (
        traffic.RequestsPerMinute,
        traffic.ResponseTimes,
        traffic.StatusClasses,
        health.Health,
        traffic.SlowestViews,
        traffic.CacheHits,
    )
}

for name in conf.DASHBOARD_WIDGETS:
    dashboard_widget_pool.register_widget(_KINDS[name])
