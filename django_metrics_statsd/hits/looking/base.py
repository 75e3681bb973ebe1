"""What the admin classes of hits, events and timings share: all can be read and nothing be changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.hits.looking.changelist import LookingList
from django_metrics_statsd.hits.looking.conditions import REACH
from django_metrics_statsd.hits.looking.export import FORMATS, download
from django_metrics_statsd.hits.looking.paging import ORDER, BoundedPaginator
from django_metrics_statsd.hits.looking.search import Maker
from django_metrics_statsd.hits.looking.showing import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_metrics_statsd.hits.models import Stored

    Base = admin.ModelAdmin[Stored]
else:
    Base = admin.ModelAdmin


class LookingAdmin(Base):
    """A read-only admin for a table of any size.

    Attributes:
        search_words: what may stand before a colon in the search, and the condition that it makes.
        search_guesses: what a word without one may be, in this order, and its column.
        reach: how many of the newest rows are looked at for what no index finds.
    """

    ordering = ORDER
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    actions = None
    list_max_show_all = 0
    list_display_links = ("moment",)
    # Django shows the search box where there are fields to search; ours are in `search_words`.
    search_fields = ("id",)
    search_words: Mapping[str, Maker] = {}
    search_guesses: Mapping[str, str] = {}
    reach = REACH

    class Media:
        css = {"all": ["metrics_hits/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody may: rows come from the storage."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may; ``manage.py prune_hits`` deletes what is old."""
        return False

    def lookup_allowed(self, lookup: str, value: str, request: Any = None) -> bool:
        """Allow what our filters know. Others could read the whole table."""
        return lookup in {getattr(each, "parameter_name", None) for each in self.list_filter}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return ours besides: the id and the exact time, which a form would not show."""
        return ["id", "instant", *super().get_readonly_fields(request, obj)]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return all fields, these two first."""
        first = ["id", "instant"]
        return [*first, *(each for each in super().get_fields(request, obj) if each not in {*first, "time"})]

    def get_changelist(self, request: HttpRequest, **more: Any) -> type[LookingList]:
        """Return the class of the list."""
        return LookingList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Leave it to the list."""
        return queryset, False

    @admin.display(description=_("time"))
    def moment(self, row: Stored) -> str:
        """The time, to the second."""
        return clock(row.time)

    @admin.display(description=_("time"))
    def instant(self, row: Stored) -> str:
        """The time, to the microsecond."""
        return clock(row.time, "microseconds")

    def get_urls(self) -> list[URLPattern]:
        """Add the exports."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export)
        return [path("export.<str:kind>", view, name=name), *super().get_urls()]

    def export(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """Send what the list shows, and what is too old for its pages, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if kind not in FORMATS:
            raise Http404
        try:
            question = self.get_changelist_instance(request).question  # type: ignore[attr-defined]
        except IncorrectLookupParameters:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"
            return HttpResponseRedirect(reverse(name, current_app=self.admin_site.name) + "?e=1")
        return download(request, question, kind)
