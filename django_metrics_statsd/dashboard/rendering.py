"""Draws tiles. One that fails shows that it does, and never takes the page along."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest
from django.template import loader

from django_metrics_statsd.dashboard.access import user_of
from django_metrics_statsd.dashboard.models import Widget
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.safety import say_once

BODY, NEEDS, BROKEN = (f"metrics_dashboard/{name}.html" for name in ("body", "needs", "broken"))
STATES = frozenset({"ok", "warn", "fail", "timeout", "skipped"})


class Body(NamedTuple):
    """The inside of a tile, and the state that its card is marked with, or nothing."""

    html: str
    state: str = ""


class Tile(NamedTuple):
    """All that the page's template needs of one widget."""

    name: str
    title: Any
    width: int
    height: int
    body: Body


def render_body(widget: DashboardWidgetBase, request: HttpRequest, row: Widget | None = None) -> Body:
    """Render the inside of a widget's tile for who asks; `row` is what is known of its last update."""
    inside = _inside(widget, request)
    staff = bool(getattr(user_of(request), "is_staff", False))
    context = {"inside": inside, "error": row.last_error if row is not None and staff else "", "row": row}
    return Body(loader.get_template(BODY).render(context, request), inside.state)


def _inside(widget: DashboardWidgetBase, request: HttpRequest) -> Body:
    try:
        need = widget.needs()
        if need is not None:
            return Body(loader.get_template(NEEDS).render({"need": need}, request))
        context = {**widget.get_context_data_for(request), "widget": widget}
        html = loader.get_template(widget.template_name).render(context, request)
        state = context.get("state")
        return Body(html, state if state in STATES else "")
    except Exception as error:
        complain("drawn", widget, error)
        return Body(loader.get_template(BROKEN).render({"error": _for_staff(error, request)}, request))


def title_of(widget: DashboardWidgetBase) -> Any:
    """Return a widget's title, or its name where that fails."""
    try:
        return str(widget.get_title())
    except Exception as error:
        complain("titled", widget, error)
        return widget.get_name()


def complain(done: str, widget: DashboardWidgetBase, error: BaseException) -> None:
    """Log the error being handled with its traceback, once for this widget and this kind of error."""
    topic = f"dashboard.{done}.{type(error).__name__}"
    say_once(topic, f"the widget {widget.get_name()} could not be {done}", exc_info=True)


def _for_staff(error: Exception, request: HttpRequest) -> str:
    staff = getattr(user_of(request), "is_staff", False)
    return f"{type(error).__name__}: {error}"[:500] if staff else ""
