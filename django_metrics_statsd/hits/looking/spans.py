"""Years, months, days and hours to choose from, made from the oldest and the newest time alone.

Django's own date drill-down asks the database for the distinct dates of the whole table. These may have
nothing in them, and cost two look-ups in the index of times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo

from django.db.models import Q
from django.utils.formats import date_format

YEAR, MONTH, DAY, HOUR = range(4)
#: How each level is written in a URL, and how it is shown.
_WRITTEN = ("%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H")
_SHOWN = ("Y", "YEAR_MONTH_FORMAT", "MONTH_DAY_FORMAT", "H:00")
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Span:
    """A year, month, day or hour of the current time zone: `level` says which, `start` is without a zone."""

    level: int
    start: datetime

    @property
    def end(self) -> datetime:
        """Where the next one begins."""
        if self.level == YEAR:
            return self.start.replace(year=self.start.year + 1)
        if self.level == MONTH:
            return (self.start + timedelta(days=32)).replace(day=1)
        return self.start + timedelta(days=self.level == DAY, hours=self.level == HOUR)

    def condition(self, zone: tzinfo | None) -> Q:
        """Return the condition for it; an hour that the clock shows twice is both."""
        start, end = (_aware(each, zone) for each in (self.start, self.end))
        return Q(time__gte=start, time__lt=end)

    @property
    def parent(self) -> Span | None:
        """The span that it is a part of."""
        return None if self.level == YEAR else containing(self.level - 1, self.start)

    def __str__(self) -> str:
        return self.start.strftime(_WRITTEN[self.level])

    @property
    def title(self) -> str:
        """What people read."""
        return date_format(self.start, _SHOWN[self.level])


def _aware(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment if zone is None else moment.replace(tzinfo=zone).astimezone(UTC)


def containing(level: int, moment: datetime) -> Span:
    """Return the year, month, day or hour that a moment is in."""
    start = moment.replace(minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    if level < HOUR:
        start = start.replace(hour=0)
    if level < DAY:
        start = start.replace(day=1)
    return Span(level, start.replace(month=1) if level == YEAR else start)


def read(text: str) -> Span:
    """Return the span that is written so.

    Raises:
        ValueError: none is.
    """
    for level, form in enumerate(_WRITTEN):
        try:
            span = Span(level, datetime.strptime(text, form))  # noqa: DTZ007 - in the current time zone
        except ValueError:
            continue
        if MINYEAR < span.start.year < MAXYEAR and str(span) == text:
            return span
    raise ValueError(f"{text!r} is no year, month, day or hour; write it like 2026-11-24T13")


def within(span: Span | None, oldest: datetime, newest: datetime) -> list[Span]:
    """Return the next smaller spans in `span` that lie between two moments of the same time zone."""
    if span is not None and span.level == HOUR:
        return []
    level = YEAR if span is None else span.level + 1
    first, last = oldest.replace(tzinfo=None), newest.replace(tzinfo=None)
    if span is not None:
        first, last = max(first, span.start), min(last, span.end - _SECOND)
    return list(_from(level, first, last))


def _from(level: int, first: datetime, last: datetime) -> Iterator[Span]:
    each = containing(level, first)
    while each.start <= last:
        yield each
        each = Span(level, each.end)


def choices(span: Span | None, oldest: datetime, newest: datetime) -> list[Span]:
    """Return what there is to choose from; a level that has but one is passed over."""
    found = within(span, oldest, newest)
    while len(found) == 1 and found[0].level < DAY:
        found = within(found[0], oldest, newest)
    return found


def back(span: Span, oldest: datetime, newest: datetime) -> Span | None:
    """Return the closest wider span that has more in it than this, or None for all times."""
    wider = span.parent
    while wider is not None and len(within(wider, oldest, newest)) < 2:
        wider = wider.parent
    return wider
