"""What stands behind the views: queries and caches."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import NOW, StatsWidget, minutes, named, values
from django_metrics_statsd.dashboard.widgets.traffic import responses

#: Statements, which connecting and committing are not.
_STATEMENT = re.compile(r"db\.[^.]+\..+\.(?:execute|executemany|callproc)\.[^.]+")


class QueriesPerRequest(StatsWidget):
    """How many statements the databases were sent for each request that was answered."""

    template_name = "metrics_dashboard/widgets/number.html"
    title = _("Queries per request")
    sources = (needing.counted_requests, needing.timed_queries)
    told = {"label": _("queries a request"), "note": _("the last five minutes, and the hour before")}

    def look(self, now: datetime) -> dict[str, Any]:
        """Divide all statements, those outside of requests too, by all responses."""
        queries = _each_minute(named("db.", "timer", _STATEMENT.fullmatch), now, "count", "timer")
        requests = _each_minute(responses(), now, "sum", "counter")
        return {
            "number": _each(sum(queries[-NOW:]), sum(requests[-NOW:])),
            "values": [_each(some, many) for some, many in zip(queries, requests, strict=False)],
        }


class CacheHits(StatsWidget):
    """Which share of what caches were asked for they had."""

    template_name = "metrics_dashboard/widgets/number.html"
    title = _("Cache hit rate")
    sources = (needing.counted_cache_calls,)
    told = {"unit": "%", "label": _("hit rate"), "note": _("the last five minutes, and the hour before")}

    def look(self, now: datetime) -> dict[str, Any]:
        """Put all caches together."""
        hits = _each_minute(_outcomes(".hit"), now, "sum", "counter")
        misses = _each_minute(_outcomes(".miss"), now, "sum", "counter")
        return {
            "number": _share(sum(hits[-NOW:]), sum(misses[-NOW:])),
            "values": [_share(hit, miss) for hit, miss in zip(hits, misses, strict=False)],
        }


def _outcomes(end: str) -> list[str]:
    return named("cache.", "counter", lambda name: name.endswith(end))


def _each_minute(names: list[str], now: datetime, figure: str, kind: str) -> list[float]:
    return [value or 0.0 for value in values(minutes(names, now, figure, kind))]


def _each(queries: float, requests: float) -> float | None:
    return round(queries / requests, 1) if requests else None


def _share(hits: float, misses: float) -> float | None:
    return round(100 * hits / (hits + misses), 1) if hits + misses else None
