"""What a chart is made of. Times are aware datetimes or epoch seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Literal, TypeAlias

Time: TypeAlias = datetime | float
Number: TypeAlias = float | Decimal
Point: TypeAlias = tuple[Time, Number | None]
Kind: TypeAlias = Literal["line", "area", "bars"]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart.

    Attributes:
        label: its name in the legend.
        points: pairs of time and value, in any order. None, NaN and infinity are gaps. A naive datetime is in
            the chart's zone.
        compare: whether this is the past, to compare with: it is drawn dashed, in the colour of its pair (the
            n-th of these belongs to the n-th of the others). Its times are those where it shall be drawn.
    """

    label: str
    points: Sequence[Point]
    compare: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line that values should stay under, or above where `below` says so; in the chart's unit."""

    value: float
    label: str = ""
    below: bool = False

    def is_broken_by(self, value: float) -> bool:
        """Whether a value is on the wrong side. The threshold itself is still right."""
        return value < self.value if self.below else value > self.value


@dataclass(frozen=True, slots=True)
class Annotation:
    """Something that happened, such as a deploy."""

    time: Time
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that `render` needs.

    Attributes:
        title: what the chart shows.
        series: its lines, areas or bars; colours repeat after eight.
        start: where the time axis begins.
        end: where it ends; points outside are left out.
        unit: of the values. ``ms``, ``s``, ``us``, ``bytes``, ``%`` and ``ratio`` (1 is shown as 100%) are
            written as people read them, an empty one is a count, and any other stands behind the number.
        tz: the zone in which times are shown and the axis is aligned.
        kind: lines, filled areas, or bars; more than 200 bars are drawn as an area.
        stacked: whether areas or bars stand on top of each other. Long series are then thinned by means.
        step: seconds between two points. Holes of more than two steps break a line; a bar is one step wide.
        thresholds: lines to stay under; a last value beyond one turns the chart red.
        annotations: marks with a text; the latest 20 are drawn.
        csv_url: where the numbers are as CSV, for a link beside the table.
        json_url: the same as JSON.
        show_title: whether the title is shown; if not it is there for screen readers.
        rows: how many times the table behind "Numbers" shows at most; 0 leaves it out.
    """

    title: str
    series: Sequence[Series]
    start: Time
    end: Time
    unit: str = ""
    tz: tzinfo = UTC
    kind: Kind = "line"
    stacked: bool = False
    step: float | None = None
    thresholds: Sequence[Threshold] = ()
    annotations: Sequence[Annotation] = ()
    csv_url: str = ""
    json_url: str = ""
    show_title: bool = True
    rows: int = 200
