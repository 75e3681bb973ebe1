"""A chart in words, for those who hear it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring.charts.cleaning import Track
from django_metrics_statsd.monitoring.charts.data import Chart
from django_metrics_statsd.monitoring.charts.table import moment_text
from django_metrics_statsd.monitoring.charts.units import format_value


def describe(chart: Chart, tracks: Sequence[Track], start: float, end: float) -> str:
    """Return what the chart is, from when to when, and lowest, highest and latest of each series."""
    kinds = {"line": _("Line chart"), "area": _("Area chart"), "bars": _("Bar chart")}
    since, until = moment_text(start, chart.tz), moment_text(end, chart.tz)
    first = _("%(kind)s from %(since)s to %(until)s.") % {
        "kind": kinds.get(chart.kind, kinds["line"]),
        "since": since,
        "until": until,
    }
    pairs = zip(chart.series, tracks, strict=True)
    return " ".join([first, *(of_values(each.label, track.finite(), chart.unit) for each, track in pairs)])


def of_values(label: str, values: Sequence[float], unit: str) -> str:
    """Return lowest, highest and latest of some values."""
    if not values:
        return _("%(label)s: no values.") % {"label": label}
    return _("%(label)s: lowest %(low)s, highest %(high)s, latest %(last)s.") % {
        "label": label,
        "low": format_value(min(values), unit),
        "high": format_value(max(values), unit),
        "last": format_value(values[-1], unit),
    }
