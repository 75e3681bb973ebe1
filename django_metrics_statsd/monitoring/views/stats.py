"""The stats that the embedded store keeps: found by a part of their name, and drawn together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring import charts
from django_metrics_statsd.monitoring.rollups.buckets import SECONDS
from django_metrics_statsd.monitoring.stats import reading
from django_metrics_statsd.monitoring.views.access import StaffOnly
from django_metrics_statsd.monitoring.views.exports import as_csv, as_json
from django_metrics_statsd.monitoring.views.pages import page_context
from django_metrics_statsd.monitoring.views.periods import aligned, earlier
from django_metrics_statsd.monitoring.views.pictures import Line, Picture, marks, starts_of
from django_metrics_statsd.monitoring.views.questions import Question, read_question
from django_metrics_statsd.safety import failed

#: How many names are listed, and how many lines one chart has.
FOUND, TOGETHER = 50, 8
_LENGTH = 250
UNITS = {"counter": "", "timer": "ms", "gauge": "", "set": ""}


class StatsPage(StaffOnly):
    """Finds stats, and draws those that are chosen; of one kind together, each kind in a chart of its own."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page, or with the names alone for ``?names``."""
        question, asked = read_question(request.GET), Asked(request)
        context: dict[str, Any] = {"asked": asked, "question": question, "query": question.link()}
        try:
            context["found"] = reading.names(asked.part, limit=FOUND + 1)
            if "names" not in request.GET:
                context["pictures"] = [self._card(*each) for each in self._pictures(asked, question)]
        except Error:
            failed("monitoring.stats")
            context["error"] = True
        context["more"] = len(context.get("found", ())) > FOUND
        context["found"] = context.get("found", [])[:FOUND]
        if "names" in request.GET:
            return render(request, "metrics_monitoring/stats_found.html", context)
        context |= page_context(request, question) | {"page": "stats", "figures": figures(asked)}
        return render(request, "metrics_monitoring/stats.html", context)

    def _pictures(self, asked: Asked, question: Question) -> Iterable[tuple[str, Picture]]:
        for kind, names in asked.by_kind().items():
            yield kind, stat_picture(kind, names, asked.figure, question)

    def _card(self, kind: str, picture: Picture) -> dict[str, Any]:
        query = urlencode([("kind", kind), *(("name", name) for name in picture.name.split("\n"))])
        more = [picture.question.link()] if picture.question.link() else []
        if self.request.GET.get("figure"):
            more.append(urlencode({"figure": self.request.GET["figure"][:20]}))
        url = f"{reverse('metrics_monitoring:stats-data')}?{'&'.join([query, *more])}"
        return {"picture": picture, "kind": kind, "chart": charts.render(picture.chart(url))}


class StatsData(StaffOnly):
    """CSV and JSON of some stats of one kind."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with ``?format=csv`` or, otherwise, JSON."""
        asked = Asked(request)
        kind = request.GET.get("kind", "")
        names = [name for name, its_kind in asked.chosen() if its_kind == kind]
        picture = stat_picture(kind, names, asked.figure, read_question(request.GET))
        picture.name = "stats"
        return as_csv(picture) if request.GET.get("format") == "csv" else as_json(picture)


class Asked:
    """What is looked for and what is chosen."""

    def __init__(self, request: HttpRequest) -> None:
        self.part = _clean(request.GET.get("q", ""))
        self.names = list(dict.fromkeys(_clean(name) for name in request.GET.getlist("name")[:TOGETHER]))
        self.figure = request.GET.get("figure", "")[:20]
        self._chosen: list[tuple[str, str]] | None = None

    def chosen(self) -> list[tuple[str, str]]:
        """Return the chosen stats that there are, with their kinds."""
        if self._chosen is None:
            stats = [reading.find(name) for name in self.names]
            self._chosen = [(stat.name, stat.kind) for stat in stats if stat is not None]
        return self._chosen

    def by_kind(self) -> dict[str, list[str]]:
        """Return the chosen names by kind."""
        found: dict[str, list[str]] = {}
        for name, kind in self.chosen():
            found.setdefault(kind, []).append(name)
        return found


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:_LENGTH]


def figures(asked: Asked) -> list[str]:
    """Return the figures that can be asked of all that is chosen."""
    try:
        kinds = list(asked.by_kind())
    except Error:
        return []
    common = [set(reading.FIGURES[kind]) for kind in kinds if kind in reading.FIGURES]
    return (
        [each for each in reading.FIGURES[kinds[0]] if all(each in some for some in common)] if common else []
    )


def stat_picture(kind: str, names: list[str], figure: str, question: Question) -> Picture:
    """Make the picture of some stats of one kind.

    Raises:
        django.db.Error: the database cannot be read.
    """
    figure = figure if figure in reading.FIGURES.get(kind, ()) else reading.DEFAULT_FIGURE.get(kind, "")
    question, starts, lines = _read(kind, names, figure, question)
    if question.compare and lines:
        wanted, end = earlier(question, starts)
        _q, before, old = _read(kind, names, figure, question, (wanted[0], end))
        for line in old:
            label = _("%(label)s, before") % {"label": line.label}
            lines.append(Line(label, aligned(before, line.values, wanted), compare=True))
    title = names[0] if len(names) == 1 else _("%(kind)s: %(figure)s") % {"kind": kind, "figure": figure}
    picture = Picture("\n".join(names), title, "", question, starts, lines)
    picture.unit = _unit(kind, figure)
    picture.marks = marks(question)
    return picture


def _unit(kind: str, figure: str) -> str:
    if figure == "rate":
        return "/s"
    return "" if figure == "count" else UNITS.get(kind, "")


def _read(
    kind: str, names: list[str], figure: str, question: Question, span: tuple[int, int] | None = None
) -> tuple[Question, list[int], list[Line]]:
    """Read the stats in the question's own buckets, which know of days and time zones."""
    if not names or kind not in reading.FIGURES:
        return question, starts_of(question), []
    first, last = span or (question.start, question.end)
    from dataclasses import replace

    starts = starts_of(replace(question, start=first, end=last))
    borders = [_moment(start) for start in [*starts, max(last, starts[-1] + 1)]]
    found = reading.many(
        names, borders[0], borders[-1], figure=figure, kind=kind, step=SECONDS[question.step], edges=borders
    )
    lines = []
    for name in names:
        series = found[name]
        label = name if len(names) > 1 else figure
        lines.append(Line(label, [point.value for point in series.points]))
    return question, starts, lines


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
