"""What stands around the series, in percent of the chart: ticks, thresholds, annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring.charts.cleaning import moment
from django_metrics_statsd.monitoring.charts.data import Chart, Threshold
from django_metrics_statsd.monitoring.charts.stacking import Layer
from django_metrics_statsd.monitoring.charts.table import moment_text
from django_metrics_statsd.monitoring.charts.time_axis import TimeTick
from django_metrics_statsd.monitoring.charts.units import format_value
from django_metrics_statsd.monitoring.charts.value_axis import ValueAxis

#: The latest of the annotations.
MOST_MARKS = 20
_MARK_LETTERS = 24
_MARK_WIDTH = 24.0  # percent, which so many letters take in a small chart
#: A threshold further away than this many times the largest value would press the series flat.
_FAR = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation. `short` is empty where there is no room for it."""

    x: str
    anchor: str
    short: str
    text: str
    time: str
    seconds: str


def percent(share: float) -> str:
    """Return a share of the chart for an SVG attribute."""
    return f"{share * 100:.5g}%"


def axis_values(layers: Sequence[Layer], thresholds: Iterable[Threshold]) -> list[float]:
    """Return the values that must have room on the axis; a threshold too, unless it is far away."""
    found: list[float] = []
    for layer in layers:
        pairs = zip(layer.highs, layer.track.values, strict=True)
        highs = [high for high, value in pairs if value is not None]
        if highs:
            found += [min(highs), max(highs)]
    largest = max(map(abs, found), default=0.0)
    return found + [each.value for each in thresholds if abs(each.value) <= _FAR * largest]


def value_ticks(axis: ValueAxis) -> list[dict[str, str]]:
    """Return the value axis for the template."""
    return [{"y": percent(axis.share(value)), "label": label} for value, label in axis.ticks]


def time_ticks(ticks: Sequence[TimeTick], start: float, end: float) -> list[dict[str, str]]:
    """Return the time axis for the template; `rank` says which labels go first where there is little room.

    The last one with a date below never goes, and the first one's date only if another follows close by.
    """
    dated = [at for at, tick in enumerate(ticks) if tick.below]
    fixed = dated[-1] if dated else 0
    crowded = len(dated) > 1 and dated[1] - dated[0] < 4
    return [
        {
            "x": percent((tick.time - start) / (end - start)),
            "label": tick.label,
            "below": tick.below,
            "rank": ("a", "c", "b", "c")[(at - fixed) % 4],
            "date_rank": "c" if crowded and at == dated[0] else "a",
            "anchor": _anchor((tick.time - start) / (end - start)),
        }
        for at, tick in enumerate(ticks)
    ]


def _anchor(share: float) -> str:
    if share < 0.04:
        return "start"
    return "end" if share > 0.92 else "middle"


def threshold_lines(chart: Chart, axis: ValueAxis, over: Sequence[Threshold]) -> list[dict[str, object]]:
    """Return the thresholds for the template; `y` is empty where one is not on the axis."""
    found: list[dict[str, object]] = []
    for each in chart.thresholds:
        shown = axis.low <= each.value <= axis.high
        label = Truncator(each.label).chars(_MARK_LETTERS) or (_("at least") if each.below else _("at most"))
        found.append(
            {
                "y": percent(axis.share(each.value)) if shown else "",
                "text": f"{label} {format_value(each.value, chart.unit)}",
                "over": each in over,
            }
        )
    return found


def marks(chart: Chart, start: float, end: float) -> list[Mark]:
    """Return the latest annotations of the span, in order, with text in the chart where there is room."""
    known = [(moment(each.time, chart.tz), each.text) for each in chart.annotations]
    inside = sorted((pair for pair in known if start <= pair[0] <= end), key=lambda pair: pair[0])
    found, free = [], 0.0
    for time, text in inside[-MOST_MARKS:]:
        share = (time - start) / (end - start) * 100
        left = share if share < 100 - _MARK_WIDTH else share - _MARK_WIDTH
        room = left >= free
        free = left + _MARK_WIDTH if room else free
        found.append(
            Mark(
                percent(share / 100),
                "start" if left == share else "end",
                Truncator(text).chars(_MARK_LETTERS) if room else "",
                text,
                moment_text(time, chart.tz),
                f"{time - start:.9g}",
            )
        )
    return found
