"""Where a minute, hour, day, week and month begin: pure functions of time, right in any time zone.

Moments are whole seconds since 1970 in UTC, as the rollups' tables have them, so no database needs to know a
time zone. Minutes are the same everywhere. Hours begin when a clock on the wall shows a full one (there are
zones at half and three quarter hours), days at the first moment of the local date, whatever the clocks did.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo

MINUTE, HOUR, DAY = 60, 3_600, 86_400

#: How long a bucket of each step is; weeks and months are counted in dates.
SECONDS = {
    "minute": MINUTE,
    "5min": 5 * MINUTE,
    "15min": 15 * MINUTE,
    "hour": HOUR,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
}
#: What may be asked for in words; the others are taken where there are many points.
NAMED = ("minute", "hour", "day", "week", "month")


def floor(moment: int, step: str, zone: tzinfo) -> int:
    """Return the beginning of the bucket that `moment` is in."""
    if step in {"day", "week", "month"}:
        return midnight(_first_date(_local(moment, zone).date(), step), zone)
    seconds = SECONDS[step]
    if seconds < HOUR:
        return moment - (moment % seconds)
    return moment - (moment + _offset(moment, zone)) % HOUR


def edges(start: int, end: int, step: str, zone: tzinfo) -> list[int]:
    """Return the beginnings of all buckets that have a moment from `start` up to, not at, `end`."""
    if step in {"day", "week", "month"}:
        return list(_dates(start, end, step, zone))
    found, moment = [], floor(start, step, zone)
    while moment < end:
        found.append(moment)
        moment = _after(moment, step, zone)
    return found


def _after(moment: int, step: str, zone: tzinfo) -> int:
    """Return the beginning of the bucket after the one that begins at `moment`; of less than a day."""
    return floor(moment + SECONDS[step], step, zone)


def _dates(start: int, end: int, step: str, zone: tzinfo) -> Iterator[int]:
    day = _first_date(_local(start, zone).date(), step)
    while (moment := midnight(day, zone)) < end:
        yield moment
        day = _next_date(day, step)


def _first_date(day: date, step: str) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _next_date(day: date, step: str) -> date:
    if step == "month":
        return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return day + timedelta(days=7 if step == "week" else 1)


def midnight(day: date, zone: tzinfo) -> int:
    """Return the first moment of a date; where the clocks skip midnight, that is when they do."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def _local(moment: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone)


def _offset(moment: int, zone: tzinfo) -> int:
    """Return how many seconds the clocks of a zone are before UTC."""
    offset = _local(moment, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def days_earlier(moment: int, days: int, zone: tzinfo) -> int:
    """Return when the clocks on the wall showed the same, so many days before."""
    return int((_local(moment, zone) - timedelta(days=days)).timestamp())


def whole_days(start: int, end: int, zone: tzinfo) -> int:
    """Return how many dates a span from a midnight to another one has; 0 where it is no such span."""
    first, last = _local(start, zone).date(), _local(end, zone).date()
    if midnight(first, zone) == start and midnight(last, zone) == end:
        return (last - first).days
    return 0
