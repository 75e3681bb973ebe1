"""Requests: how many, how long, with which status, and which views are slow."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import (
    NOW,
    StatsWidget,
    bare,
    lately,
    minutes,
    named,
    values,
    whole,
)

_STATUS = re.compile(r"response\.(\d)\d\d")
_METHOD = re.compile(r"view\.[A-Z]+")
#: Views in the table of slow ones, and requests below which one tells nothing.
SHOWN, AT_LEAST = 5, 3
#: Rows that are asked for, to be left with some that are no sums.
MOST = 100
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "OTHER")


class RequestsPerMinute(StatsWidget):
    """How many requests were answered in the last whole minute, and in each of the hour."""

    template_name = "metrics_dashboard/widgets/number.html"
    title = _("Requests per minute")
    sources = (needing.counted_requests,)
    told = {"label": _("requests a minute"), "note": _("the last whole minute, and the hour before")}

    def look(self, now: datetime) -> dict[str, Any]:
        """Add up all statuses."""
        found = values(minutes(responses(), now, "sum", "counter"))
        return {
            "number": whole(found[-1] if found else None),
            "values": found,
        }


class ResponseTimes(StatsWidget):
    """How long requests took: half of them, and nineteen of twenty, in milliseconds."""

    template_name = "metrics_dashboard/widgets/times.html"
    title = _("Response time")
    sources = (needing.timed_requests,)
    told = {"label": "p95", "unit": "ms"}

    def look(self, now: datetime) -> dict[str, Any]:
        """Put the times of all methods together."""
        names = [name for method in METHODS for name in named(f"view.{method}", "timer", _METHOD.fullmatch)]
        if not names:  # STATSD_VIEW_TIMER_DETAILS is False
            names = named("view.", "timer")
        summary = lately(names, now, "timer")
        figures = {each: summary.get(each) if summary else None for each in ("p50", "p95", "p99")}
        line = values(minutes(names, now, "p95", "timer"))
        return {
            **{each: whole(value) for each, value in figures.items()},
            "values": line,
        }


class StatusClasses(StatsWidget):
    """How requests of the last minutes ended: 2xx, 3xx, 4xx, 5xx."""

    template_name = "metrics_dashboard/widgets/statuses.html"
    title = _("Statuses")
    sources = (needing.counted_requests,)

    def look(self, now: datetime) -> dict[str, Any]:
        """Count each class."""
        names, counts = responses(), {}
        for digit in "2345":
            summary = lately([name for name in names if name.startswith(f"response.{digit}")], now, "counter")
            counts[f"{digit}xx"] = whole(summary.get("sum") if summary else 0) or 0
        total = sum(counts.values())
        rows = [
            [name, count, round(100 * count / total, 1) if total else 0] for name, count in counts.items()
        ]
        bad = total and counts["5xx"] / total
        return {
            "rows": rows,
            "minutes": NOW,
            "state": "fail" if bad > 0.05 else "warn" if bad > 0.01 else "ok",
        }


class SlowestViews(StatsWidget):
    """The views whose slow requests were slowest in the last hour, by their 95th percentile."""

    template_name = "metrics_dashboard/widgets/slowest.html"
    title = _("Slowest views")
    sources = (needing.timed_requests,)
    sizex = 2
    update_interval = 30

    def look(self, now: datetime) -> dict[str, Any]:
        """Ask for the highest; what is per module or per method is left out."""
        from django_metrics_statsd.monitoring.stats import reading

        start = now - timedelta(hours=1)
        known = {bare(name) for name in named("view.", "timer")}
        found: dict[str, list[Any]] = {}
        for row in reading.top("view.", start, now, "p95", MOST, "timer", AT_LEAST):
            name = bare(row.name)
            if not _METHOD.fullmatch(name) and not _is_a_sum(name, known):
                figures = [whole(row.value), whole(row.summary.get("count"))]
                found.setdefault(name, [name.removeprefix("view."), *figures])
        return {"rows": list(found.values())[:SHOWN]}


def _is_a_sum(name: str, known: set[str]) -> bool:
    """Whether this is of a whole module: ``view.{module}.{METHOD}`` beside its views' own names."""
    module, _, method = name.rpartition(".")
    return any(
        each != name and each.startswith(f"{module}.") and each.endswith(f".{method}") for each in known
    )


def responses() -> list[str]:
    """Return the names of the counters of all statuses."""
    return named("response.", "counter", _STATUS.fullmatch)
