"""What the records of hits and events say: who visits now, what happened last, how far collectors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.access import user_of
from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import NOW, KeepingWidget

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_metrics_statsd.hits.models import Event

#: The newest requests that visitors are found in, and rows of a list of countries or browsers.
REQUESTS, PLACES = 10_000, 5
#: The newest events that are looked at, those of each scope that are kept, and those that are shown.
EVENTS, KEPT, SHOWN = 500, 20, 6


class VisitorsNow(KeepingWidget):
    """How many people were here in the last minutes, where from and with which browsers; bots are none.

    A visitor is an address with a user agent, or a user where addresses are not recorded.
    """

    template_name = "metrics_dashboard/widgets/visitors.html"
    title = _("Visitors now")
    sources = (needing.hits,)
    told = {"minutes": NOW}
    sizex = 2
    update_interval = 15

    def look(self, now: datetime) -> dict[str, Any]:
        """Look at the newest requests of the last minutes."""
        from django_metrics_statsd.hits.models import Hit

        lately = Hit.objects.using(needing.database_of("hit")).filter(
            time__gte=now - timedelta(minutes=NOW), is_bot=False
        )
        fields = ("ip", "user_agent", "user", "country_name", "browser")
        rows = list(lately.order_by("-time").values_list(*fields)[:REQUESTS])
        visitors = {row[:2] if row[0] else row[1:3]: row[3:] for row in rows}
        return {
            "number": len(visitors),
            "countries": _most(country for country, _ in visitors.values()),
            "browsers": _most(browser for _, browser in visitors.values()),
            "cut": len(rows) == REQUESTS,
        }


def _most(names: Iterable[str]) -> list[list[Any]]:
    """Return ``[name, how many]`` of the most frequent names, of equals by name; the empty one comes last."""
    found = sorted(Counter(names).items(), key=lambda each: (-each[1], not each[0], each[0]))
    return [list(each) for each in found[:PLACES]]


class LatestEvents(KeepingWidget):
    """The newest events, of those that who looks may see."""

    template_name = "metrics_dashboard/widgets/events.html"
    title = _("Latest events")
    sources = (needing.events,)
    sizex = 2

    def look(self, now: datetime) -> dict[str, Any]:
        """Keep the newest of each scope, so that there are some for everybody."""
        from django_metrics_statsd.hits.models import Event

        newest = Event.objects.using(needing.database_of("event")).order_by("-id").defer("notes", "data")
        return {"events": kept(newest[:EVENTS])}

    def get_context_data_for(self, request: HttpRequest) -> dict[str, Any]:
        """Leave out what is not for this user."""
        return {"rows": seen(self.get_context_data().get("events") or (), request)[:SHOWN]}


def kept(events: Iterable[Event]) -> list[list[Any]]:
    """Return ``[time, class, name, user, scope, groups]`` of events, the newest first, some of each scope."""
    found: list[list[Any]] = []
    counts: Counter[str] = Counter()
    for event in events:
        counts[event.scope] += 1
        if counts[event.scope] <= KEPT or (event.groups and counts[event.scope] <= 5 * KEPT):
            told = [event.time.isoformat(), event.event_class, event.name, event.user]
            found.append([*told, event.scope, event.groups])
    return found


def seen(rows: Iterable[list[Any]], request: HttpRequest) -> list[list[Any]]:
    """Return ``[time, class, name, user]`` of those events that who asks may see."""
    from django_metrics_statsd.hits.viewers import Viewer

    viewer = Viewer(user_of(request))
    return [
        [parse_datetime(when), kind, name, user]
        for when, kind, name, user, scope, groups in rows
        if viewer.sees(scope, groups)
    ]


class CollectorLag(KeepingWidget):
    """How many records of hits and events wait for each storage."""

    template_name = "metrics_dashboard/widgets/collector.html"
    title = _("Collector lag")
    sources = (needing.collectors,)

    def look(self, now: datetime) -> dict[str, Any]:
        """Ask Redis."""
        from django_metrics_statsd.hits.collector.status import read_status
        from django_metrics_statsd.hits.storages.base import Unavailable

        try:
            status = read_status()
        except Unavailable:  # what it says has addresses, which are not for everybody
            return {"unavailable": True, "state": "fail"}
        rows = [
            [alias, (each["lag"] or 0) + each["pending"], each["consumers"], each["cut"]]
            for alias, each in sorted(status["storages"].items())
        ]
        return {"rows": rows, "aside": status["dead_letters"], "state": self._state(rows)}

    def _state(self, rows: list[list[Any]]) -> str:
        from django_metrics_statsd.health.checks.own import Hits

        most = max((row[1] for row in rows), default=0)
        alone = any(waiting and not collectors for _, waiting, collectors, _cut in rows)
        return "fail" if most > Hits.fail else "warn" if alone or most > Hits.warn else "ok"
