"""The ready-made widgets that the settings ask for, in the order in which a new dashboard has them."""

from __future__ import annotations

from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.dashboard.widgets import backends, errors, health, records, traffic, vitals

_KINDS = {
    kind.__name__: kind
    for kind in (
        traffic.RequestsPerMinute,
        traffic.ResponseTimes,
        traffic.StatusClasses,
        health.Health,
        backends.QueriesPerRequest,
        backends.CacheHits,
        records.CollectorLag,
        traffic.SlowestViews,
        errors.Errors,
        records.VisitorsNow,
        vitals.WebVitals,
        records.LatestEvents,
    )
}

for name in conf.DASHBOARD_WIDGETS:
    dashboard_widget_pool.register_widget(_KINDS[name])
