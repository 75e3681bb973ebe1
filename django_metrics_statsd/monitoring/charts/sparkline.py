"""A line without axes, for a tile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from django_metrics_statsd.monitoring.charts.cleaning import clean
from django_metrics_statsd.monitoring.charts.data import Number
from django_metrics_statsd.monitoring.charts.paths import HEIGHT, WIDTH, Box, box, line
from django_metrics_statsd.monitoring.charts.summary import of_values
from django_metrics_statsd.monitoring.charts.thinning import thin
from django_metrics_statsd.monitoring.charts.units import Scale
from django_metrics_statsd.monitoring.charts.value_axis import ValueAxis, bounds


def render_sparkline(values: Sequence[Number | None], label: str = "", unit: str = "") -> SafeString:
    """Return an ``<svg class="sparkline">``.

    Args:
        values: evenly apart; None, NaN and infinity are gaps.
        label: what they are, for screen readers. Without one they do not hear of it, as is right where the
            number stands beside it.
        unit: of the values, see `Chart`.
    """
    last = max(len(values) - 1, 1)
    track = thin(clean(list(enumerate(values)), 0, last, UTC), 0, last)
    known = track.finite()
    low, high = bounds(min(known, default=0.0), max(known, default=0.0), from_zero=False)
    place = box(0, last, ValueAxis(low, high, [], Scale(1, "")))
    context = {
        "label": label,
        "summary": of_values(label, known, unit) if label else "",
        "box": f"0 0 {WIDTH} {HEIGHT}",
        "line": line(track, place),
        "last": _dot(track.times, track.values, place),
    }
    return render_to_string("metrics_monitoring/sparkline.html", context)


def _dot(times: Sequence[float], values: Sequence[float | None], place: Box) -> str:
    if not values or values[-1] is None:
        return ""
    return f"M{place.x(times[-1])} {place.y(values[-1])}h0"
