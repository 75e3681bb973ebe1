"""A whole chart: puts the parts together and hands them to the template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from django_metrics_statsd.monitoring.charts.cleaning import Track, clean, span, usable_step
from django_metrics_statsd.monitoring.charts.data import Chart
from django_metrics_statsd.monitoring.charts.layout import (
    axis_values,
    marks,
    threshold_lines,
    time_ticks,
    value_ticks,
)
from django_metrics_statsd.monitoring.charts.limits import broken_thresholds
from django_metrics_statsd.monitoring.charts.offsets import offsets
from django_metrics_statsd.monitoring.charts.paths import HEIGHT, WIDTH, box
from django_metrics_statsd.monitoring.charts.shapes import guessed_step, kind_of, layers, shapes
from django_metrics_statsd.monitoring.charts.summary import describe
from django_metrics_statsd.monitoring.charts.table import moment_text, numbers, with_seconds
from django_metrics_statsd.monitoring.charts.time_axis import time_axis
from django_metrics_statsd.monitoring.charts.units import Scale, format_value, is_own, name_of
from django_metrics_statsd.monitoring.charts.value_axis import ValueAxis, value_axis

TEMPLATE = "metrics_monitoring/chart.html"


def render(chart: Chart) -> SafeString:
    """Return a chart as a ``<figure class="chart">``, with its legend and its numbers.

    It never raises because of its data: without any value it says so.
    """
    start, end = span(chart.start, chart.end, chart.tz)
    tracks = [clean(each.points, start, end, chart.tz) for each in chart.series]
    over = broken_thresholds(chart, tracks)
    context: dict[str, Any] = {
        "chart": chart,
        "unit": chart.unit if is_own(chart.unit) else "",
        "zone": str(chart.tz),
        "over": over,
        "marks": marks(chart, start, end),
        "since": moment_text(start, chart.tz),
        "until": moment_text(end, chart.tz),
    }
    if any(track.finite() for track in tracks):
        context |= _picture(chart, tracks, start, end) | {"drawn": True}
        context["thresholds"] = threshold_lines(chart, context["axis"], over)
    return render_to_string(TEMPLATE, context)


def _picture(chart: Chart, tracks: Sequence[Track], start: float, end: float) -> dict[str, Any]:
    kind = kind_of(chart, tracks)
    drawn = layers(chart, kind, tracks, start, end)
    axis = value_axis(axis_values(drawn, chart.thresholds), chart.unit, kind != "line")
    place = box(start, end, axis)
    lines = list(shapes(chart, kind, drawn, place, start))
    lasts = [format_value(track.last(), chart.unit) for track in tracks]
    scale = _reading(axis, chart.unit)
    seconds = with_seconds(tracks, start, end)
    return {
        "kind": kind,
        "axis": axis,
        "box": f"0 0 {WIDTH} {HEIGHT}",
        "margin": _margin(axis),
        "shapes": lines,
        "legend": list(zip(lines, lasts, strict=True)),
        "summary": describe(chart, tracks, start, end),
        "value_ticks": value_ticks(axis),
        "time_ticks": time_ticks(time_axis(start, end, chart.tz), start, end),
        "seconds": seconds,
        "numbers": numbers(tracks, scale, chart.tz, chart.rows, seconds),
        "scale": scale,
        "suffix": f"{scale.suffix}{name_of(chart.unit)}",
        "reading": _for_the_script(chart, axis, start, end),
        "shift": f"{_half_a_bar(chart, tracks, place):.9g}" if kind == "bars" else "0",
    }


def _half_a_bar(chart: Chart, tracks: Sequence[Track], place: Any) -> float:
    return (usable_step(chart.step) or guessed_step(tracks, place)) / 2


def _reading(axis: ValueAxis, unit: str) -> Scale:
    """Return the scale of readout and table: the axis's, but counts stand there in full."""
    return Scale(1, "") if is_own(unit) or not unit else axis.scale


def _margin(axis: ValueAxis) -> str:
    """Return how much room the labels of the value axis take: ``s``, ``m``, ``l`` or ``xl``."""
    longest = max(len(label) for _, label in axis.ticks)
    return next((name for name, most in (("s", 4), ("m", 6), ("l", 9)) if longest <= most), "xl")


def _for_the_script(chart: Chart, axis: ValueAxis, start: float, end: float) -> dict[str, str]:
    return {
        "start": f"{start:.15g}",
        "span": f"{end - start:.15g}",
        "low": f"{axis.low:.15g}",
        "high": f"{axis.high:.15g}",
        "divisor": f"{_reading(axis, chart.unit).divisor:.15g}",
        "offsets": " ".join(f"{since}:{ahead}" for since, ahead in offsets(start, end, chart.tz)),
    }
