"""What a chart, a CSV file and a JSON answer show alike: lines of a monitor's statistics over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring import charts
from django_metrics_statsd.monitoring.annotations import between
from django_metrics_statsd.monitoring.rollups.buckets import DAY, SECONDS, edges
from django_metrics_statsd.monitoring.rollups.points import Point
from django_metrics_statsd.monitoring.rollups.pruning import retention_of
from django_metrics_statsd.monitoring.rollups.reading import Reading, read
from django_metrics_statsd.monitoring.rollups.statistics import LABELS, needs_spread, unit_of, value_of
from django_metrics_statsd.monitoring.views.questions import STEPS, Question, coarser

#: Lines that can be told apart in one chart; what is less is added up.
MOST_SERIES = 8
#: Statistics that grow with the length of a step, so that a limit for minutes says nothing of days.
_ADDITIVE = ("sum", "count")

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
    """Return the question with a step for which a model's rollups are still kept, and what to say of it."""
    if not model.keep_rollups:
        return question, []
    days = retention_of(model)
    step = question.step
    # A day that has not gone a whole day ago may begin a little before what is kept.
    age = -0.1 + (datetime.now(UTC).timestamp() - question.start) / DAY
    if SECONDS[step] < SECONDS["hour"] and days["minute"] and age > days["minute"]:
        step = "hour"
    if SECONDS[step] < DAY and days["hour"] and age > days["hour"]:
        step = "day"
    if step == question.step:
        return question, []
    note = _("So far back there is one point per %(step)s.") % {"step": STEPS[step]}
    return coarser(question, step), [note]


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
    lines = list(_lines(_ranked(now, view.title_of(name)), len(now.starts), statistics))
    if question.compare and lines:
        lines += list(_before(ask(*question.before()), now, lines, statistics, view.title_of(name)))
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
    picture.limits = list(_limits(view.thresholds, statistics, question))
    picture.marks = marks(question)
    return picture


Series = list[tuple[str, dict[int, Point]]]


def _ranked(reading: Reading, title: str) -> Series:
    """Return the series, those with the most in them first; what is less than the first few is one more."""
    ranked = sorted(reading.series.items(), key=lambda item: -sum(point.count for point in item[1].values()))
    few = [(label or (title if len(ranked) > 1 else ""), points) for label, points in ranked[:MOST_SERIES]]
    if ranked[MOST_SERIES:]:
        others: dict[int, Point] = {}
        for _label, points in ranked[MOST_SERIES:]:
            for index, point in points.items():
                others.setdefault(index, Point()).merge(point)
        few.append((_("others"), others))
    return few


def _lines(series: Series, length: int, statistics: Sequence[str]) -> Iterator[Line]:
    """Yield a line per series and statistic; of many series the first statistic alone."""
    shown = statistics if len(series) <= 2 else statistics[:1]
    for label, points in series:
        for statistic in shown:
            values = [value_of(points.get(index), statistic) for index in range(length)]
            words = [label] if label else []
            if not label or len(shown) > 1:
                words.append(str(LABELS[statistic]))
            yield Line(", ".join(words), values)


def _before(
    reading: Reading, now: Reading, lines: list[Line], statistics: Sequence[str], title: str
) -> Iterator[Line]:
    """Yield for each line that of the period before, bucket by bucket; in which nothing was, nothing is."""
    length = len(now.starts)
    earlier = {line.label: line for line in _lines(_ranked(reading, title), length, statistics)}
    for line in lines:
        found = earlier.get(line.label)
        nothing: list[Value] = [None] * length
        values = found.values if found is not None else nothing
        yield Line(_("%(label)s, before") % {"label": line.label}, values, compare=True)


def _limits(
    thresholds: Sequence[Any], statistics: Sequence[str], question: Question
) -> Iterator[charts.Threshold]:
    """Yield the limits that can be seen among these statistics, at this step."""
    for each in thresholds:
        statistic = each.statistic or statistics[0]
        comparable = statistic not in _ADDITIVE or SECONDS[question.step] == each.over.total_seconds()
        if statistic in statistics and comparable:
            yield charts.Threshold(each.value, each.label, each.below)


def marks(question: Question) -> list[tuple[int, str]]:
    """Return the annotations of a question's range."""
    from django.utils import timezone

    found = []
    for each in between(question.start, question.end):
        aware = timezone.make_aware(each.time) if timezone.is_naive(each.time) else each.time
        found.append((int(aware.timestamp()), each.text))
    return found


def starts_of(question: Question) -> list[int]:
    """Return the beginnings of a question's buckets."""
    return edges(question.start, question.end, question.step, question.zone)
