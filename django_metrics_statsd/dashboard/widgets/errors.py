"""Errors: how many of which kind, and what the last ones said to those who may read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import StatsWidget, bare, minutes, named, values
from django_metrics_statsd.dashboard.widgets.records import kept, seen

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Kinds of errors, and messages, that are shown; messages that are looked at.
KINDS, MESSAGES, LOOKED_AT = 5, 3, 50
#: The classes of events that the log makes of errors.
LOGGED = ("Log ERROR", "Log CRITICAL")


class Errors(StatsWidget):
    """Errors of the last hour by their kind and, with hits and their log handler, the latest messages."""

    template_name = "metrics_dashboard/widgets/errors.html"
    title = _("Errors")
    sources = (needing.counted_errors,)
    told = {"label": _("errors a minute"), "note": _("the last hour")}
    sizex = 2

    def look(self, now: datetime) -> dict[str, Any]:
        """Count them, and keep the newest messages."""
        names = named("error.", "counter")
        line = values(minutes(names, now, "sum", "counter"))
        return {"kinds": _kinds(now), "values": line if names else [], "events": _logged()}

    def get_context_data_for(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out messages that are not for this user."""
        data = self.get_context_data()
        kinds = data.get("kinds") or []
        events = seen(data.get("events") or (), request)[:MESSAGES]
        return {
            **data,
            "number": round(sum(count for _, count in kinds)),
            "kinds": kinds[:KINDS],
            "rows": events,
        }


def _kinds(now: datetime) -> list[list[Any]]:
    """Return ``[exception, how many]`` of the last hour, the most frequent first."""
    from django_metrics_statsd.monitoring.stats import reading

    found: dict[str, float] = {}
    for row in reading.top("error.", now - timedelta(hours=1), now, "sum", 100, "counter"):
        name = bare(row.name).removeprefix("error.")
        found[name] = found.get(name, 0) + row.value
    return [[name, round(count)] for name, count in found.items()]


def _logged() -> list[list[Any]]:
    """Return the newest errors of the log that became events, where there are such; an index finds them."""
    if needing.events() is not None:
        return []
    from django_metrics_statsd.hits.models import Event

    events = Event.objects.using(needing.database_of("event")).defer("notes", "data")
    newest = [
        event for kind in LOGGED for event in events.filter(event_class=kind).order_by("-time")[:LOOKED_AT]
    ]
    return kept(sorted(newest, key=lambda event: event.time, reverse=True))
