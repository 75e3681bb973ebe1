"""How far a zone is from UTC over a span, so that a script writes times as the server does."""

from __future__ import annotations

from datetime import tzinfo

from django_metrics_statsd.monitoring.charts.time_axis import local

_MOST = 400
_DAY = 86_400


def offsets(start: float, end: float, tz: tzinfo) -> list[tuple[int, int]]:
    """Return pairs: from how many seconds after `start`, and how many seconds to add to UTC.

    A span of more than a year is looked at 400 times, so a change that is taken back in between is not seen.
    """
    step = max((end - start) / _MOST, _DAY)
    found = [(0, offset(start, tz))]
    time = start
    while time < end:
        after = min(time + step, end)
        if offset(after, tz) != found[-1][1]:
            found.append((round(_change(time, after, tz) - start), offset(after, tz)))
        time = after
    return found


def _change(before: float, after: float, tz: tzinfo) -> float:
    old = offset(before, tz)
    while after - before > 1:
        middle = (before + after) / 2
        before, after = (middle, after) if offset(middle, tz) == old else (before, middle)
    return after


def offset(time: float, tz: tzinfo) -> int:
    """Return how many seconds a zone is ahead of UTC then."""
    ahead = local(time, tz).utcoffset()
    return round(ahead.total_seconds()) if ahead is not None else 0
