"""What a chart, a CSV file and a JSON answer show alike: lines of a monitor's statistics over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import time
from typing import Any

from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring import charts
from django_metrics_statsd.monitoring.annotations import between
from django_metrics_statsd.monitoring.conf import home_zone
from django_metrics_statsd.monitoring.rollups.buckets import DAY, SECONDS, edges
from django_metrics_statsd.monitoring.rollups.points import Point
from django_metrics_statsd.monitoring.rollups.pruning import RESOLUTIONS, retention_of
from django_metrics_statsd.monitoring.rollups.reading import Reading, aware, read, resolution_for
from django_metrics_statsd.monitoring.rollups.statistics import (
    ADDITIVE,
    LABELS,
    needs_spread,
    unit_of,
    value_of,
)
from django_metrics_statsd.monitoring.views.periods import aligned, earlier
from django_metrics_statsd.monitoring.views.questions import STEPS, Question, coarser

#: Lines that can be told apart in one chart; what is less is added up.
MOST_SERIES = 8

Value = float | None


@dataclass
class Line:
    """One line: what it is called, and a value, or None, for each of the picture's moments."""

    label: str
    values: list[Value]
    compare: bool = False


@dataclass
class Picture:
    """All that is shown of one monitor or stat.

    Attributes:
        name: what it is called in a URL.
        title: what it is called on the page.
        unit: of the values, as `charts` has it.
        question: what was asked for, as it could be answered.
        starts: the beginnings of the buckets, in seconds since 1970.
        lines: what there is to see; empty where nothing is.
        notes: what should be known about it.
    """

    name: str
    title: str
    unit: str
    question: Question
    starts: list[int]
    lines: list[Line]
    kind: charts.Kind = "line"
    stacked: bool = False
    notes: list[str] = field(default_factory=list)
    limits: list[charts.Threshold] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def chart(self, url: str) -> charts.Chart:
        """Return the chart of it; `url` is that of its data, with a query string."""
        question = self.question
        more = "&" if "?" in url else "?"
        return charts.Chart(
            self.title,
            [
                charts.Series(
                    line.label, list(zip(self.starts, line.values, strict=True)), compare=line.compare
                )
                for line in self.lines
            ],
            start=question.start,
            end=question.end,
            unit=self.unit,
            tz=question.zone,
            kind=self.kind,
            stacked=self.stacked,
            step=float(SECONDS[question.step]),
            thresholds=tuple(self.limits),
            annotations=tuple(charts.Annotation(moment, text) for moment, text in self.marks),
            csv_url=f"{url}{more}format=csv",
            json_url=f"{url}{more}format=json",
            show_title=False,
        )

    def moment(self, start: int) -> str:
        """Return a moment in ISO 8601 in the question's time zone."""
        return datetime.fromtimestamp(start, UTC).astimezone(self.question.zone).isoformat()


def answerable(question: Question, model: Any) -> tuple[Question, list[str]]:
    """Return the question as a model's rollups can still answer it, and what to say of the difference.

    What is old is kept by the hour or by the day alone, and days are those of the home zone.
    """
    if not model.keep_rollups:
        return question, []
    days, home = retention_of(model), home_zone()
    for zone in (question.zone, home):
        for step in (question.step, "hour", "day"):
            if SECONDS[step] >= SECONDS[question.step]:
                found = coarser(replace(question, zone=zone), step)
                if _is_kept(found, days):
                    return found, list(_told(question, found))
    found = coarser(replace(question, zone=home), "day" if SECONDS[question.step] < DAY else question.step)
    return found, list(_told(question, found))


def _is_kept(question: Question, days: dict[str, int]) -> bool:
    """Whether the rollups that a question is answered from are kept since it begins."""
    oldest = question.before()[0] if question.compare else question.start
    resolution = resolution_for(question.step, question.zone, (oldest, question.end))
    kept = days[next(word for word, seconds in RESOLUTIONS.items() if seconds == resolution)]
    # A day that has not gone a whole day ago may begin a little before what is kept.
    return not kept or (time() - oldest) / DAY - 0.1 <= kept


def _told(asked: Question, found: Question) -> Iterator[str]:
    if found.step != asked.step:
        yield _("So far back there is one point per %(step)s.") % {"step": STEPS[found.step]}
    if str(found.zone) != str(asked.zone):
        yield _("So far back days are those of %(zone)s.") % {"zone": found.zone_name}


def picture_of(view: Any, name: str, question: Question) -> Picture:
    """Make the picture of a monitor.

    Args:
        view: what draws it, which has its model, statistics and so on (`monitors.MonitorView`).
        name: the monitor's.
        question: what is asked for.

    Raises:
        django.db.Error: the database cannot be read.
    """
    question, notes = answerable(question, view.model)
    allowed = [each for each in question.statistics if each in view.model.statistics]
    statistics = allowed or list(view.statistics)
    spread = needs_spread(statistics)

    def ask(start: int, end: int) -> Reading:
        return read(view.model, start, end, question.step, question.zone, spread=spread)

    now = ask(question.start, question.end)
    ranked = _ranked(now)
    lines = list(_lines(ranked, now.starts, statistics, view.title_of(name)))
    if question.compare and lines:
        starts, end = earlier(question, now.starts)
        before = ask(starts[0], end)
        same = [(each, _taken(before, each, ranked)) for each, _points in ranked]
        for line in _lines(same, before.starts, statistics, view.title_of(name)):
            label = _("%(label)s, before") % {"label": line.label}
            lines.append(Line(label, aligned(before.starts, line.values, starts), compare=True))
    if not now.complete:
        notes.append(_("There are more rows than can be looked at; these are the newest."))
    picture = Picture(
        name,
        view.title_of(name),
        unit_of(view.unit_of_values(), statistics),
        question,
        now.starts,
        lines,
        kind=view.kind if len(lines) == 1 else "line",
        notes=notes,
    )
    picture.limits = list(_limits(view, statistics, question))
    picture.marks = marks(question)
    return picture


#: The series' name, None for what is less than the first few; and its points by bucket.
Series = list[tuple[str | None, dict[int, Point]]]


def _ranked(reading: Reading) -> Series:
    """Return the series, those with the most in them first; what is less than the first few is one more."""
    ranked = sorted(reading.series.items(), key=lambda item: -sum(point.count for point in item[1].values()))
    few: Series = list(ranked[:MOST_SERIES])
    if ranked[MOST_SERIES:]:
        few.append((None, _together(points for _name, points in ranked[MOST_SERIES:])))
    return few


def _together(several: Iterable[dict[int, Point]]) -> dict[int, Point]:
    found: dict[int, Point] = {}
    for points in several:
        for index, point in points.items():
            found.setdefault(index, Point()).merge(point)
    return found


def _taken(reading: Reading, name: str | None, ranked: Series) -> dict[int, Point]:
    """Return what a line of `ranked` was in another reading."""
    if name is not None:
        return reading.series.get(name, {})
    few = {each for each, _points in ranked}
    return _together(points for each, points in reading.series.items() if each not in few)


def _lines(series: Series, starts: Sequence[int], statistics: Sequence[str], title: str) -> Iterator[Line]:
    """Yield a line per series and statistic; of many series the first statistic alone."""
    shown = statistics if len(series) <= 2 else statistics[:1]
    for name, points in series:
        label = _("others") if name is None else name or (title if len(series) > 1 else "")
        for statistic in shown:
            values = [value_of(points.get(index), statistic) for index in range(len(starts))]
            words = [label] if label else []
            if not label or len(shown) > 1:
                words.append(str(LABELS[statistic]))
            yield Line(", ".join(words), values)


def _limits(view: Any, statistics: Sequence[str], question: Question) -> Iterator[charts.Threshold]:
    """Yield the limits that can be seen among these statistics, at this step."""
    for each in view.thresholds:
        statistic = each.statistic or view.statistics[0]
        comparable = statistic not in ADDITIVE or SECONDS[question.step] == each.over.total_seconds()
        if statistic in statistics and comparable:
            yield charts.Threshold(each.value, each.label, each.below)


def marks(question: Question) -> list[tuple[int, str]]:
    """Return the annotations of a question's range."""
    found = between(question.start, question.end)
    return [(int(aware(each.time).timestamp()), each.text) for each in found]


def starts_of(question: Question) -> list[int]:
    """Return the beginnings of a question's buckets."""
    return edges(question.start, question.end, question.step, question.zone)
