"""Updates the widgets that are due, one after the other; one that fails does not stop the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from django_metrics_statsd.dashboard.hands import Hands, TooLong
from django_metrics_statsd.dashboard.lease import Held, held
from django_metrics_statsd.dashboard.models import Widget
from django_metrics_statsd.dashboard.rendering import complain
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.decorators import muted

#: The lease that whoever updates widgets holds.
LEASE = "update_widget_data"
#: Characters of an error that are kept.
ERROR = 500


class Outcome(NamedTuple):
    """What came of one widget: ``updated``, ``unchanged``, ``failed`` or ``needs``; ``note`` says more."""

    name: str
    result: str
    seconds: float = 0.0
    note: str = ""


class Busy(Exception):  # noqa: N818 - it is no error
    """Somebody else is updating widgets; the argument says who."""


def due(names: Iterable[str] | None = None, *, force: bool = False) -> list[DashboardWidgetBase]:
    """Return the enabled widgets whose time has come, or all of them with `force`; one query."""
    rows = {row.name: row for row in Widget.objects.all()}
    wanted = None if names is None else set(names)
    return [
        widget
        for name, widget in dashboard_widget_pool.get_widgets().items()
        if (wanted is None or name in wanted) and _is_due(widget, rows.get(name), force=force)
    ]


def _say_nothing(outcome: Outcome) -> None:
    """Tell nobody."""


def _never() -> bool:
    return False


@muted()  # what a dashboard asks says nothing about the site
def update(
    names: Iterable[str] | None = None,
    *,
    force: bool = False,
    told: Callable[[Outcome], None] = _say_nothing,
    stopped: Callable[[], bool] = _never,
    hands: Hands | None = None,
) -> list[Outcome]:
    """Update what is due, of these widgets or of all, and call `told` with what came of each.

    With `hands`, each is updated by a thread of those, so that one that hangs is given up after a while.

    Raises:
        Busy: another process or thread is doing so, on this machine or another.
    """
    names = None if names is None else list(names)
    if not _free(due(names, force=force), hands):
        return []
    with held(LEASE) as mine:
        if mine is None:
            from django_metrics_statsd.dashboard.lease import holder_of

            raise Busy(holder_of(LEASE))
        return list(_each(_free(due(names, force=force), hands), mine, told, stopped, hands))


def _free(widgets: list[DashboardWidgetBase], hands: Hands | None) -> list[DashboardWidgetBase]:
    """Leave out those whose last update still hangs."""
    return [each for each in widgets if hands is None or not hands.hangs(each.get_name())]


def _each(
    widgets: list[DashboardWidgetBase],
    mine: Held,
    told: Callable[[Outcome], None],
    stopped: Callable[[], bool],
    hands: Hands | None,
) -> Iterator[Outcome]:
    for widget in widgets:
        if stopped() or not mine.go_on():
            return
        outcome = update_one(widget) if hands is None else _by(hands, widget)
        told(outcome)
        yield outcome


def _by(hands: Hands, widget: DashboardWidgetBase) -> Outcome:
    """Have a thread update it; where that takes too long, note so, until it ends after all."""
    name = widget.get_name()
    try:
        return hands.do(name, lambda: update_one(widget))
    except TooLong:
        note = f"It has not ended within {hands.limit:g} seconds, and goes on."
        _keep(widget, note)
        widget.send_update()
        return Outcome(name, "failed", hands.limit, note)


def update_one(widget: DashboardWidgetBase) -> Outcome:
    """Update this widget now, whether it is due or not; note what came of it, and tell open pages."""
    name, began = widget.get_name(), time.monotonic()
    result, note = _attempt(widget)
    seconds = time.monotonic() - began
    changed = _keep(widget, note if result == "failed" else "", lacking=result == "needs")
    if result in {"updated", "failed"} or changed:
        widget.send_update()
    return Outcome(name, result, seconds, note)


def _attempt(widget: DashboardWidgetBase) -> tuple[str, str]:
    try:
        need = widget.needs()
        if need is not None:
            return "needs", str(need.what)
        return ("unchanged" if widget.update_widget_data() is False else "updated"), ""
    except (Exception, SystemExit) as error:  # a command that a widget calls may end "the process"
        complain("updated", widget, error)
        if isinstance(error, DatabaseError):  # a connection that is broken must not fail the next one too
            close_old_connections()
        return "failed", f"{type(error).__name__}: {error}"[:ERROR]


def _keep(widget: DashboardWidgetBase, error: str, *, lacking: bool = False) -> bool:
    """Note when the widget was updated and what was wrong; say whether something else was the time before."""
    widget.set_last_update(timezone.now())
    row, _ = Widget.objects.get_or_create(name=widget.get_name())
    if (row.last_error, row.lacking) == (error, lacking):
        return False
    Widget.objects.filter(pk=row.pk).update(last_error=error, lacking=lacking)
    return True


def _is_due(widget: DashboardWidgetBase, row: Widget | None, *, force: bool) -> bool:
    if row is not None and not row.enabled:
        return False
    if force:
        return True
    try:
        return _wants(widget, row)
    except Exception as error:
        complain("asked whether it is due", widget, error)
        return False


def _wants(widget: DashboardWidgetBase, row: Widget | None) -> bool:
    if type(widget).should_update is DashboardWidgetBase.should_update:
        return widget.is_due(row.last_update if row else None)
    return widget.should_update()
