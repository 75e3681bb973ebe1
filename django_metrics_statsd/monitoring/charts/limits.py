"""Thresholds: which are broken by the last values."""

from __future__ import annotations

from collections.abc import Sequence

from django_metrics_statsd.monitoring.charts.cleaning import Track, clean, span
from django_metrics_statsd.monitoring.charts.data import Chart, Series, Threshold


def is_over(chart: Chart) -> bool:
    """Whether the last value of any series, those of the past aside, breaks a threshold of the chart."""
    start, end = span(chart.start, chart.end, chart.tz)
    return bool(chart.thresholds) and bool(
        broken_thresholds(chart, [clean(each.points, start, end, chart.tz) for each in chart.series])
    )


def broken_thresholds(chart: Chart, tracks: Sequence[Track]) -> list[Threshold]:
    """Return the thresholds that the last value of some series breaks.

    Args:
        chart: with its thresholds.
        tracks: of its series, in their order.
    """
    lasts = [track.last() for track in present(chart.series, tracks)]
    return [
        threshold
        for threshold in chart.thresholds
        if any(last is not None and threshold.is_broken_by(last) for last in lasts)
    ]


def present(series: Sequence[Series], tracks: Sequence[Track]) -> list[Track]:
    """Return the tracks of what is shown, without what it is compared with."""
    return [track for each, track in zip(series, tracks, strict=True) if not each.compare]
