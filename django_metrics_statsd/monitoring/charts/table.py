"""The numbers of a chart as the rows of a table: the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import TypeAlias

from django.utils.safestring import SafeString, mark_safe

from django_metrics_statsd.monitoring.charts.cleaning import Track
from django_metrics_statsd.monitoring.charts.time_axis import local
from django_metrics_statsd.monitoring.charts.units import MISSING, Scale, exact

_Known: TypeAlias = dict[float, float | None]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Rows as markup, how many, and whether there are more."""

    rows: SafeString
    count: int
    more: bool


#: How many times of a track are looked at.
_LOOK = 200
#: Over more than this, seconds are noise.
_LONG = 172_800


def with_seconds(tracks: Sequence[Track], start: float, end: float) -> bool:
    """Whether times shall be written with their seconds: in short spans, and where there are any."""
    return end - start < _LONG and any(time % 60 for track in tracks for time in track.times[-_LOOK:])


def numbers(tracks: Sequence[Track], scale: Scale, tz: tzinfo, most: int, seconds: bool) -> Numbers:
    """Return the table's rows: a time, and a number or a dash for each track.

    Args:
        tracks: whole ones.
        scale: in which the numbers are written, without the suffix.
        tz: the zone of the times.
        most: how many rows; the earliest are left out.
        seconds: whether times have them.
    """
    found = [_latest(track, most) for track in tracks]
    times = sorted({time for known in found for time in known}, reverse=True)[:most]
    rows = "".join(_row(time, found, scale, tz, seconds) for time in times)
    # All of it is made here of digits: a template would take longer than the rest of the chart.
    return Numbers(mark_safe(rows), len(times), any(len(track.times) > most for track in tracks))  # noqa: S308


def _latest(track: Track, most: int) -> _Known:
    return dict(zip(track.times[-most:], track.values[-most:], strict=True)) if most > 0 else {}


def _row(time: float, found: Sequence[_Known], scale: Scale, tz: tzinfo, seconds: bool) -> str:
    cells = "".join(f'<td class="number">{_cell(known.get(time), scale)}</td>' for known in found)
    return f'<tr><th scope="row">{moment_text(time, tz, seconds)}</th>{cells}</tr>'


def _cell(value: float | None, scale: Scale) -> str:
    return MISSING if value is None else exact(value / scale.divisor)


def moment_text(time: float, tz: tzinfo, seconds: bool = False) -> str:
    """Return a time as ``2026-11-26 14:05``, in the zone."""
    return local(time, tz).replace(tzinfo=None).isoformat(" ", "seconds" if seconds else "minutes")
