"""What a page or chart is asked for: range, step, time zone and so on, all of it in the query string.

So a link keeps the view. What makes no sense is said, and something that does is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from math import ceil
from time import time
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from django_metrics_statsd.monitoring.conf import home_zone
from django_metrics_statsd.monitoring.rollups import buckets
from django_metrics_statsd.monitoring.rollups.buckets import DAY, HOUR, NAMED, SECONDS
from django_metrics_statsd.monitoring.rollups.statistics import LABELS

RANGES: dict[str, tuple[int, Any]] = {
    "1h": (HOUR, gettext_lazy("1 hour")),
    "6h": (6 * HOUR, gettext_lazy("6 hours")),
    "24h": (DAY, gettext_lazy("24 hours")),
    "7d": (7 * DAY, gettext_lazy("7 days")),
    "30d": (30 * DAY, gettext_lazy("30 days")),
    "90d": (90 * DAY, gettext_lazy("90 days")),
    "1y": (365 * DAY, gettext_lazy("1 year")),
}
DEFAULT_RANGE = "24h"
STEPS: dict[str, Any] = {
    "minute": gettext_lazy("minute"),
    "5min": gettext_lazy("5 minutes"),
    "15min": gettext_lazy("15 minutes"),
    "hour": gettext_lazy("hour"),
    "day": gettext_lazy("day"),
    "week": gettext_lazy("week"),
    "month": gettext_lazy("month"),
}
#: Points that a chart has where nobody asks for a step, and where somebody does, at most.
POINTS, MOST_POINTS = 400, 2_200
#: The longest range of one's own.
LONGEST = 20 * 366 * DAY
_TEXT = 100


@dataclass(frozen=True)
class Question:
    """What is asked for.

    Attributes:
        start: seconds since 1970.
        end: seconds since 1970.
        step: what a point is of: a word of `STEPS`.
        zone: of the axis, and in which days begin.
        range: a word of `RANGES`, or ``own``.
        compare: whether the period before is drawn too.
        statistics: what is asked of the points; empty for what each monitor draws by itself.
        category: of monitors; empty for all.
        asked: the query string, by name, without what is not known.
        problems: what made no sense.
    """

    start: int
    end: int
    step: str
    zone: tzinfo
    range: str = DEFAULT_RANGE
    compare: bool = False
    statistics: tuple[str, ...] = ()
    category: str = ""
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def link(self, **changes: str | None) -> str:
        """Return the query string of this question with some changes; None leaves a name out."""
        asked = {**self.asked, **{name: (value,) if value else () for name, value in changes.items()}}
        return urlencode([(name, value) for name, values in asked.items() for value in values])

    def before(self) -> tuple[int, int]:
        """Return the period of the same length before this one.

        Of days, it is as many dates before, at the same time on the wall, whatever the clocks did in between.
        """
        named, days = self._named(), self.days()
        if days:
            return (
                buckets.days_earlier(self.start, days, self.zone),
                buckets.days_earlier(self.end, days, self.zone),
            )
        step = SECONDS[self.step]
        shift = named or -(-(self.end - self.start) // step) * step
        return self.start - shift, self.end - shift

    def _named(self) -> int:
        return RANGES[self.range][0] if self.range in RANGES else 0

    def days(self) -> int:
        """Return how many days the range has; 0 where it is not of whole ones."""
        named = self._named()
        return named // DAY if named else buckets.whole_days(self.start, self.end, self.zone)

    @property
    def zone_name(self) -> str:
        """The name of the time zone."""
        return str(self.zone)

    def local(self, moment: int) -> str:
        """Return a moment as a field for dates and times has it."""
        return datetime.fromtimestamp(moment, UTC).astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")


#: What a question may have in the query string, besides the page's own.
NAMES = ("range", "from", "to", "step", "tz", "compare", "stat", "category")


class _Reader:
    """Reads a query string once, and notes what it cannot."""

    def __init__(self, params: Any, now: int) -> None:
        self.params, self.now, self.problems = params, now, list[str]()

    def text(self, name: str) -> str:
        return str(self.params.get(name, ""))[:_TEXT].replace("\x00", "")

    def refuse(self, what: str) -> None:
        self.problems.append(what)

    def zone(self) -> tzinfo:
        name = self.text("tz")
        if not name:
            return _own_zone()
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            self.refuse(
                _("There is no time zone “%(name)s”; try one such as Europe/Berlin.") % {"name": name}
            )
            return _own_zone()

    def span(self, zone: tzinfo) -> tuple[str, int, int]:
        word = self.text("range")
        if word == "own" or (not word and (self.text("from") or self.text("to"))):
            own = self._own_span(zone)
            if own is not None:
                return "own", *own
            word = ""
        elif word and word not in RANGES:
            self.refuse(_("There is no range “%(name)s”.") % {"name": word})
        word = word if word in RANGES else DEFAULT_RANGE
        return word, self.now - RANGES[word][0], self.now

    def _own_span(self, zone: tzinfo) -> tuple[int, int] | None:
        start, end = self._moment("from", zone), self._moment("to", zone)
        end = self.now if end is None else end
        if start is None:
            self.refuse(_("A range of your own needs a time at which it begins."))
        elif start >= end:
            self.refuse(_("The range ends before it begins."))
        elif end - start > LONGEST:
            self.refuse(_("The range is longer than twenty years."))
        else:
            return start, max(end, start + HOUR // 60)
        return None

    def _moment(self, name: str, zone: tzinfo) -> int | None:
        text = self.text(name)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
            aware = found if found.tzinfo else found.replace(tzinfo=zone)
            return max(0, min(int(aware.timestamp()), 4_102_444_800))  # until 2100
        except (ValueError, OverflowError):
            self.refuse(_("“%(text)s” is no date and time; write 2026-11-22T08:00.") % {"text": text})
            return None

    def step(self, start: int, end: int) -> str:
        word = self.text("step")
        if word and word not in STEPS:
            self.refuse(_("There is no step “%(name)s”.") % {"name": word})
        if word not in STEPS:
            return fitting("minute", end - start, POINTS)
        step = fitting(word, end - start, MOST_POINTS)
        if step != word:
            self.refuse(
                _("That would be too many points per %(asked)s; there is one per %(step)s.")
                % {"asked": STEPS[word], "step": STEPS[step]}
            )
        return step

    def statistics(self) -> tuple[str, ...]:
        given = [str(each) for each in self.params.getlist("stat")[:10]]
        return tuple(dict.fromkeys(each for each in given if each in LABELS))


def fitting(step: str, seconds: int, points: int) -> str:
    """Return the finest step, from `step` on, that makes of so many seconds at most `points`."""
    words = list(STEPS)
    for word in words[words.index(step) :]:
        if seconds <= SECONDS[word] * points:
            return word
    return "month"


def _own_zone() -> tzinfo:
    """Return the zone that Django has made current for this request, or the site's."""
    home = home_zone()
    current = timezone.get_current_timezone()
    return home if str(current) == str(timezone.get_default_timezone()) else current


def read_question(params: Any, now: float | None = None) -> Question:
    """Make a question of a query string (a ``QueryDict``); `now` is for tests."""
    reader = _Reader(params, ceil(time() if now is None else now))
    zone = reader.zone()
    word, start, end = reader.span(zone)
    step = reader.step(start, end)
    asked = {name: tuple(params.getlist(name)[:10]) for name in NAMES if params.get(name)}
    return Question(
        start=buckets.floor(start, step, zone),
        end=end,
        step=step,
        zone=zone,
        range=word,
        compare=bool(reader.text("compare")),
        statistics=reader.statistics(),
        category=reader.text("category"),
        asked=asked,
        problems=tuple(reader.problems),
    )


def coarser(question: Question, step: str) -> Question:
    """Return the question with a coarser step."""
    return replace(question, step=step, start=buckets.floor(question.start, step, question.zone))


def choices(question: Question) -> dict[str, Any]:
    """Return what the form of a page offers."""
    home = str(_own_zone())
    zones = dict.fromkeys([home, "UTC", question.zone_name])
    return {
        "ranges": [(word, label, word == question.range) for word, (_s, label) in RANGES.items()],
        "steps": [(word, STEPS[word], word == (question.asked.get("step") or ("",))[0]) for word in NAMED],
        "zones": [(name, name == question.zone_name) for name in zones],
        "home": home,
        "start": question.local(question.start) if question.range == "own" else "",
        "end": question.local(question.end) if question.range == "own" else "",
    }
