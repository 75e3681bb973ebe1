"""Which spans of time a series is made of. Times are Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.rolling import DAY, HOUR, MINUTE

#: The steps that are chosen for a range of so many seconds at most, 0 being the window.
_CHOSEN: Final = (
    (0, 30 * MINUTE),
    (MINUTE, 5 * HOUR),
    (5 * MINUTE, DAY + HOUR),
    (15 * MINUTE, 3 * DAY),
    (HOUR, 15 * DAY),
    (6 * HOUR, 62 * DAY),
)
#: Most steps of one series, so that nobody asks for a year in seconds.
MOST: Final = 12_000


def seconds(moment: datetime) -> int:
    """Return a moment in Unix seconds; one without a zone is taken for UTC."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def moment(seconds: float) -> datetime:
    """Return Unix seconds as an aware datetime, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def lag() -> float:
    """Return after how many seconds a stat can be read, at most, where the database is well."""
    window = conf.MONITORING_STATS_WINDOW
    return window * 1.25 + 2


def finest(start: int, now: float) -> int:
    """Return the smallest step that is still kept at `start`."""
    if start >= now - conf.MONITORING_STATS_WINDOW_HOURS * HOUR:
        return conf.MONITORING_STATS_WINDOW
    return MINUTE if start >= now - conf.MONITORING_STATS_MINUTE_DAYS * DAY else HOUR


def step_for(start: int, end: int, now: float, wanted: int | None) -> int:
    """Return the step, in seconds, of a series: what was wanted or suits the range, if that is kept."""
    least = finest(start, now)
    if wanted is None:
        wanted = next((step for step, most in _CHOSEN if end - start <= most), DAY)
    wanted = max(wanted, least, (end - start) // MOST)
    unit = least if wanted < MINUTE else MINUTE if wanted < HOUR else HOUR
    return -(-wanted // max(unit, least)) * max(unit, least)


def borders(start: int, end: int, step: int) -> list[int]:
    """Return the borders of all steps that lie in the range in part."""
    first = start // step * step
    return [*range(first, max(end, first + 1), step), -(-max(end, first + 1) // step) * step]
