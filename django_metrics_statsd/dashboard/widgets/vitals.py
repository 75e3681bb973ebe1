"""Web Vitals as browsers report them, each with its rating (web.dev/articles/vitals)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.beacon.fields import RATINGS, THRESHOLDS, VITALS
from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import LINE, StatsWidget, bare, lately, named

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.stats.reading import Summary

#: A card's state for each rating.
_STATES = {"good": "ok", "needs_improvement": "warn", "poor": "fail"}
_WORDS = {"good": _("good"), "needs_improvement": _("needs improvement"), "poor": _("poor")}


class WebVitals(StatsWidget):
    """The 75th percentile of each vital in the last hour, its rating, and the share of visits rated good."""

    template_name = "metrics_dashboard/widgets/vitals.html"
    title = _("Web Vitals")
    sources = (needing.beacons,)
    sizex = 2
    update_interval = 30

    def look(self, now: datetime) -> dict[str, Any]:
        """Look at each vital; those that nobody reported are left out."""
        found = {name: _figures(name, now) for name in THRESHOLDS}
        return {"vitals": {name: figures for name, figures in found.items() if figures}}

    def get_context_data(self) -> dict[str, Any]:
        """Return rows of name, value, unit, state, rating and share of good ones; and how many visits."""
        kept = super().get_context_data().get("vitals") or {}
        # In their own order, which JSON does not promise to keep.
        rows = [_row(name, *kept[name]) for name in THRESHOLDS if name in kept]
        return {"rows": rows, "visits": max((visits for _, visits, _ in kept.values()), default=0)}


def _figures(name: str, now: datetime) -> list[Any] | None:
    """Return ``[p75, visits, share rated good]`` of the last hour."""
    whole = _summed(VITALS + name, "timer", now)
    p75, count = (whole.get("p75"), whole.get("count")) if whole else (None, None)
    if p75 is None or not count:
        return None
    rated = {rating: _summed(f"{VITALS}{name}.{rating}", "counter", now) for rating in RATINGS.values()}
    counts = {rating: (each.get("sum") or 0) if each else 0 for rating, each in rated.items()}
    total = sum(counts.values())
    return [round(p75, 1), round(count), round(100 * counts["good"] / total) if total else None]


def _summed(wanted: str, kind: str, now: datetime) -> Summary | None:
    return lately([name for name in named(wanted, kind) if bare(name) == wanted], now, kind, LINE)


def _row(name: str, p75: float, visits: int, good: int | None) -> list[Any]:
    """CLS is kept in thousandths, as a timer is in milliseconds."""
    value, unit = (round(p75 / 1_000, 2), "") if name == "CLS" else (round(p75), "ms")
    fine, fair = THRESHOLDS[name]
    rating = "good" if value <= fine else "needs_improvement" if value <= fair else "poor"
    return [name, value, unit, _STATES[rating], _WORDS[rating], good]
