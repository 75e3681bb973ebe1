"""The time axis: ticks where a clock or a calendar on the wall would have them, in any zone.

Ticks are counted in local time and then looked up in the zone. So the hours of a day on which the clock is
changed are right: the hour that is skipped has no tick, and the one that comes twice has two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.utils.dateformat import format as format_date

#: How many ticks there are at most.
MOST = 9
_DAY = 86_400
_CLOCK = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12_000)
_MONTH = 30.44 * _DAY


@dataclass(frozen=True, slots=True)
class TimeTick:
    """A tick: its time in epoch seconds, its label, and the date or year below where that changes."""

    time: float
    label: str
    below: str


def time_axis(start: float, end: float, tz: tzinfo, most: int = MOST) -> list[TimeTick]:
    """Return the ticks of a time axis, at most `most` of them.

    Args:
        start: epoch seconds.
        end: epoch seconds, after `start`.
        tz: whose clock and calendar it is.
        most: ticks.
    """
    about = (end - start) / most
    if about < 1:
        return list(_labelled({start: local(start, tz)}, about))
    moments = dict(sorted(_aligned(start, end, tz, about), key=lambda pair: pair[0]))
    return list(_labelled(moments, about))


def local(time: float, tz: tzinfo) -> datetime:
    """Return the time on the wall, with its zone."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time)).astimezone(tz)


def _aligned(start: float, end: float, tz: tzinfo, about: float) -> Iterator[tuple[float, datetime]]:
    clock = next((step for step in _CLOCK if step >= about), None)
    for wall in _walls(local(start, tz), about, clock):
        found = [time for time in _moments(wall, tz, keep=clock is None) if time >= start]
        if found and found[0] > end:
            return
        yield from ((time, wall) for time in found if time <= end)


def _walls(first: datetime, about: float, clock: int | None) -> Iterator[datetime]:
    """Yield naive local times, from a little before the first on, without end but the calendar's."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    if clock is not None:
        passed = (first.replace(tzinfo=None) - midnight).total_seconds()
        return _every(midnight + timedelta(seconds=passed // clock * clock), timedelta(seconds=clock))
    days = next((step for step in (1, 2, 7) if step * _DAY >= about), None)
    if days is not None:
        late = midnight.toordinal() % days - (days == 7)  # weeks begin on Monday, and day 1 was one
        return _every(midnight - timedelta(days=late), timedelta(days=days))
    months = next((step for step in _MONTHS if step * _MONTH >= about), _MONTHS[-1])
    return _months(midnight.year * 12 + midnight.month - 1, months)


def _every(first: datetime, step: timedelta) -> Iterator[datetime]:
    try:
        while True:
            yield first
            first += step
    except OverflowError:
        return


def _months(first: int, step: int) -> Iterator[datetime]:
    for at in range(first // step * step, 9999 * 12, step):
        if at >= 12:
            yield datetime(at // 12, at % 12 + 1, 1)  # noqa: DTZ001 - local time, looked up in its zone later


def _moments(wall: datetime, tz: tzinfo, keep: bool) -> list[float]:
    """Return when it is that late: once, twice, or never, which `keep` makes the moment after the jump."""
    found = []
    for fold in (0, 1):
        aware = wall.replace(tzinfo=tz, fold=fold)
        try:
            time = aware.timestamp()
            exists = local(time, tz).replace(tzinfo=None, fold=0) == wall
        except (OverflowError, ValueError):
            continue
        if (exists or (keep and not fold)) and time not in found:
            found.append(time)
    return found


def _labelled(moments: dict[float, datetime], about: float) -> Iterator[TimeTick]:
    label, whole, part = _formats(about)
    before: datetime | None = None
    for time, wall in moments.items():
        below = format_date(wall, whole)
        if before is not None and below == format_date(before, whole):
            below = ""
        elif before is not None and wall.year == before.year:
            below = format_date(wall, part)
        yield TimeTick(time, format_date(wall, label), below)
        before = wall


def _formats(about: float) -> tuple[str, str, str]:
    """Return Django's formats of a label, of what stands below it, and the same within a year."""
    if about <= 30:
        return "H:i:s", "j M Y", "j M"
    if about <= _CLOCK[-1]:
        return "H:i", "j M Y", "j M"
    if about <= 7 * _DAY:
        return "j M", "Y", ""
    return ("M", "Y", "") if about <= 6 * _MONTH else ("Y", "", "")
