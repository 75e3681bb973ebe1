"""The views that draw one monitor each: a base, and one for each kind of model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse

from django_metrics_statsd.monitoring import charts
from django_metrics_statsd.monitoring.bases import (
    DurationBase,
    IntegerCountBase,
    LevelBase,
    MeasuredBase,
    RatioBase,
)
from django_metrics_statsd.monitoring.rollups.statistics import unit_of
from django_metrics_statsd.monitoring.thresholds import WARN, Broken, Threshold, broken
from django_metrics_statsd.monitoring.views.access import StaffOnly
from django_metrics_statsd.monitoring.views.exports import as_csv, as_json
from django_metrics_statsd.monitoring.views.pictures import Picture, picture_of
from django_metrics_statsd.monitoring.views.questions import Question, read_question
from django_metrics_statsd.safety import failed


class MonitorView(StaffOnly):
    """Draws a monitor. Give what is a monitor's own to ``as_view``, or subclass this.

    Attributes:
        model: where what is added goes.
        model_base: what a model has to inherit for this view to draw it.
        title: what people call the monitor; unset, its name in words.
        description: a sentence about it.
        category: the heading below which it stands.
        unit: of its values; unset, that of the model.
        statistics: which are drawn where nobody asks for others.
        kind: how: ``line``, ``area`` or ``bars``.
        thresholds: limits (`thresholds.Threshold`).
        view_name: what ``monitor.get_view_name`` says, where the model's name will not do.
        template_name: the fragment that is rendered.
    """

    model: ClassVar[Any] = None
    model_base: ClassVar[Any] = MeasuredBase
    title: ClassVar[str] = ""
    description: ClassVar[str] = ""
    category: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    statistics: ClassVar[Sequence[str]] = ("sum",)
    kind: ClassVar[charts.Kind] = "line"
    thresholds: ClassVar[Sequence[Threshold]] = ()
    view_name: ClassVar[str] = ""
    template_name: ClassVar[str] = "metrics_monitoring/monitor.html"

    def get(self, request: HttpRequest, name: str = "", *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer with a fragment of HTML, or with ``?format=csv`` or ``json`` of the same."""
        question = read_question(request.GET)
        try:
            picture = self.get_picture(name, question)
            if (export := {"csv": as_csv, "json": as_json}.get(request.GET.get("format", ""))) is not None:
                return export(picture)
            context = self.get_context_data(name, picture)
        except Error:
            failed("monitoring.read")
            context = {"name": name, "title": self.title_of(name), "error": True}
            return self.render(request, context, status=503)
        return self.render(request, context)

    def get_picture(self, name: str, question: Question) -> Picture:
        """Return what to draw."""
        return picture_of(self, name, question)

    def get_context_data(self, name: str, picture: Picture) -> dict[str, Any]:
        """Return what the template gets."""
        url = f"{self.url_of(name)}?{picture.question.link()}"
        found = list(broken(name)) if self.thresholds else []
        unit = self.unit_of_values()
        return {
            "name": name,
            "title": picture.title,
            "picture": picture,
            "chart": charts.render(picture.chart(url)),
            "state": state_of(found),
            "broken": [(each, *_in_words(each, unit)) for each in found],
            "unit": picture.unit,
        }

    def render(self, request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render the model's template, or the view's."""
        template = (self.model.get_template_name() if self.model is not None else None) or self.template_name
        response = TemplateResponse(request, template, context, status=status)
        return response.render()

    def url_of(self, name: str) -> str:
        """Return where this monitor is drawn; empty where the site has no such URL."""
        try:
            return reverse("metrics_monitoring:chart", args=[name])
        except NoReverseMatch:
            return ""

    def title_of(self, name: str) -> str:
        """Return what people call the monitor."""
        return str(self.title or name.replace("_", " ").replace(".", " ").capitalize())

    def unit_of_values(self) -> str:
        """Return the unit of the values."""
        return self.unit or str(self.model.unit)


def _in_words(each: Broken, unit: str) -> Iterator[str]:
    """Yield the value and the limit with the statistic's unit, which that of a number of values has not."""
    own = unit_of(unit, [each.statistic])
    for value in (each.value, each.threshold.value):
        yield charts.format_value(value, own)


def state_of(found: list[Broken]) -> str:
    """Return ``fail``, ``warn`` or nothing for broken thresholds."""
    if not found:
        return ""
    return WARN if all(each.threshold.level == WARN for each in found) else "fail"


class IntegerCountView(MonitorView):
    """Draws counts: how many there were."""

    model_base = IntegerCountBase
    kind = "bars"


class DurationView(MonitorView):
    """Draws durations: their mean, and what 95 of 100 were faster than."""

    model_base = DurationBase
    statistics = ("mean", "p95")


class RatioView(MonitorView):
    """Draws ratios, as a share of a hundred."""

    model_base = RatioBase
    statistics = ("ratio",)


class LevelView(MonitorView):
    """Draws levels: their mean over each step."""

    model_base = LevelBase
    statistics = ("mean",)
