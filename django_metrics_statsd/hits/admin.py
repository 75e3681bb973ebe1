"""Hits, events and browser timings in Django's admin, to be read and exported."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.hits.looking import filters, search, showing
from django_metrics_statsd.hits.looking.base import LookingAdmin
from django_metrics_statsd.hits.models import Event, Hit, Stored, Timing

_TITLES = {
    "view": _("view"),
    "site": _("site"),
    "event_class": _("class"),
    "route": _("route"),
    "device": _("device"),
    "navigation": _("navigation"),
}


@admin.register(Hit)
class HitAdmin(LookingAdmin):
    """Requests."""

    list_display = (
        "moment",
        "method",
        "short_path",
        "status",
        "view",
        "took",
        "num_queries",
        "user",
        "country_name",
        "browser",
    )
    list_filter = (
        filters.TimeFilter,
        filters.StatusFilter,
        filters.SlowFilter,
        filters.MethodFilter,
        filters.LoggedInFilter,
        filters.AgentFilter,
        *filters.sampled("view", "site", titles=_TITLES, indexed=("view",)),
    )
    search_words = search.HITS
    search_guesses = {"user": "user", "view": "view"}
    search_help_text = _(
        "A user, a view, an address, a status or the beginning of a path (/shop/). Or say which: "
        "user:anna view:BookView ip:192.0.2.1 status:404 path:/shop/"
    )

    @admin.display(description=_("path"))
    def short_path(self, row: Hit) -> SafeString:
        """The path, cut."""
        return showing.cut(row.path)

    @admin.display(description=_("status"))
    def status(self, row: Hit) -> SafeString:
        """The status in words and colour."""
        return showing.status(row.status_code, row.reason_phrase)

    @admin.display(description=_("request time"))
    def took(self, row: Hit) -> str:
        """The request time with its unit."""
        return showing.milliseconds(row.request_time)


@admin.register(Event)
class EventAdmin(LookingAdmin):
    """Events, as far as the user may see them."""

    list_display = ("moment", "name", "event_class", "user", "model", "obj_pk", "short_path")
    list_filter = (
        filters.TimeFilter,
        *filters.sampled("event_class", "site", titles=_TITLES, indexed=("event_class",)),
    )
    exclude = ("groups_text", "data", "url", "admin_url")
    readonly_fields = ("who", "pretty_data", "link", "admin_link")
    search_words = search.EVENTS
    search_guesses = {"user": "user", "class": "event_class", "name": "name"}
    search_help_text = _(
        "A user, a class, a name, an address or the beginning of a path. Or say which: user:anna class:login "
        "object:shop.Book/7 name:text ip:192.0.2.1 path:/shop/"
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stored]:
        """Return what this user may see."""
        return Event.objects.visible_to(request.user)

    @admin.display(description=_("path"))
    def short_path(self, row: Event) -> SafeString:
        """The path, cut."""
        return showing.cut(row.path)

    @admin.display(description=_("groups"))
    def who(self, row: Event) -> str:
        """The groups whose members may see it."""
        return ", ".join(row.groups)

    @admin.display(description=_("data"))
    def pretty_data(self, row: Event) -> SafeString:
        """The data on several lines."""
        return showing.pretty(row.data)

    @admin.display(description=_("URL"))
    def link(self, row: Event) -> Any:
        """The URL, to be followed where that is safe."""
        return showing.link(row.url)

    @admin.display(description=_("admin URL"))
    def admin_link(self, row: Event) -> Any:
        """The same for the admin's."""
        return showing.link(row.admin_url)


@admin.register(Timing)
class TimingAdmin(LookingAdmin):
    """What browsers reported."""

    list_display = (
        "moment",
        "client",
        "route",
        "device",
        "country",
        "connection",
        "navigation",
        "lcp",
        "loaded",
    )
    list_filter = (
        filters.TimeFilter,
        *filters.sampled("route", "device", "navigation", "site", titles=_TITLES, indexed=()),
    )
    exclude = ("values",)
    readonly_fields = ("pretty_values",)
    search_words = search.TIMINGS
    search_guesses = {"route": "route"}
    search_help_text = _("A route. Or say which: route:books/slug country:DE")

    @admin.display(description=_("largest paint"))
    def lcp(self, row: Timing) -> str | None:
        """Largest Contentful Paint, where it was reported."""
        return self._time(row, "vitals.LCP")

    @admin.display(description=_("loaded"))
    def loaded(self, row: Timing) -> str | None:
        """The end of the load event, where it was reported."""
        return self._time(row, "timing.loadEventEnd")

    @staticmethod
    def _time(row: Timing, name: str) -> str | None:
        value = row.values.get(name)
        return showing.milliseconds(value) if isinstance(value, int | float) else None

    @admin.display(description=_("values"))
    def pretty_values(self, row: Timing) -> SafeString:
        """The values on several lines."""
        return showing.pretty(row.values)
