"""The list: reads what is asked for, and gets it with a bounded number of queries that indexes serve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from django_metrics_statsd.hits.looking import search, spans
from django_metrics_statsd.hits.looking.conditions import Condition, Found, Question
from django_metrics_statsd.hits.looking.filters import AskingFilter, TimeFilter
from django_metrics_statsd.hits.looking.paging import COUNTED, ORDER

EXPORTS = ("csv", "json")


class LookingList(ChangeList):
    """A change list for tables that only grow.

    Attributes:
        question: what is asked for.
        found: the rows of it that the list pages through.
        span: the chosen year, month, day or hour.
    """

    question: Question
    found: Found
    span: spans.Span | None = None

    def get_filters(self, request: HttpRequest) -> Any:
        """Take the filter by time out of those beside the list."""
        specs, _has, rest, duplicates, active = super().get_filters(request)
        for spec in specs:
            if isinstance(spec, TimeFilter):
                self.span = spec.span
        shown = [spec for spec in specs if not isinstance(spec, TimeFilter)]
        return shown, bool(shown), rest, duplicates, active

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the list pages through."""
        rows = super().get_queryset(request, exclude_parameters)
        admin: Any = self.model_admin
        self.question = Question(
            self.everything,
            rows,
            list(self._conditions()),
            self.span.condition(self.zone) if self.span else None,
            admin.reach,
        )
        self.found = self.question.answer()
        return self.found.rows

    def get_results(self, request: HttpRequest) -> None:
        """Take a single page from the paginator, too."""
        super().get_results(request)
        if not self.multi_page:
            self.result_list = self.paginator.page(1).object_list

    @cached_property
    def everything(self) -> QuerySet[Any]:
        """The whole table, in the order of the list."""
        return self.model._default_manager.order_by(*ORDER)

    def _conditions(self) -> Iterator[Condition]:
        for spec in self.filter_specs:
            condition = spec.condition() if isinstance(spec, AskingFilter) else None
            if condition is not None:
                yield condition
        admin: Any = self.model_admin
        yield from search.conditions(self.query, admin.search_words, admin.search_guesses, self.everything)

    @cached_property
    def ends(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest time of the table; a query each, as one for both reads it all."""
        times = self.everything.values_list("time", flat=True)
        newest = next(iter(times.order_by("-time")[:1]), None)
        if newest is None:
            return None
        return times.order_by("time")[:1].get(), newest

    @cached_property
    def zone(self) -> tzinfo | None:
        """The current time zone, or None where times have none, as without ``USE_TZ``."""
        if self.ends is not None and timezone.is_naive(self.ends[1]):
            return None
        return timezone.get_current_timezone()

    @cached_property
    def drill(self) -> dict[str, Any] | None:
        """What Django's template of the date drill-down wants to know; None for an empty table."""
        if self.ends is None:
            return None
        oldest, newest = (each.astimezone(self.zone) if self.zone else each for each in self.ends)
        links = [
            {"link": self._to(each), "title": each.title} for each in spans.choices(self.span, oldest, newest)
        ]
        if self.span is None:
            return {"back": None, "choices": links}
        wider = spans.back(self.span, oldest, newest)
        title = wider.title if wider else _("All dates")
        here = [] if links else [{"title": self._here(self.span)}]
        return {"back": {"link": self._to(wider), "title": title}, "choices": links or here}

    def _to(self, span: spans.Span | None) -> str:
        name = TimeFilter.parameter_name
        return str(self.get_query_string({name: str(span) if span else None}))

    @staticmethod
    def _here(span: spans.Span) -> str:
        return f"{date_format(span.start, 'DATE_FORMAT')}, {span.title}"

    @property
    def notes(self) -> Iterator[str]:
        """What the reader has to know about the list: that it is not all there is."""
        if self.found.reaches is not None:
            since = self.found.reaches.astimezone(self.zone) if self.zone else self.found.reaches
            yield _(
                "The newest %(number)s were looked at, back to %(time)s. "
                "Choose a day or an hour to look further."
            ) % {"number": number_format(self.question.reach), "time": since.strftime("%Y-%m-%d %H:%M:%S")}
        if self.paginator.more:
            yield _("There are more than %(number)s. Choose a day or an hour to see the older ones.") % {
                "number": number_format(COUNTED)
            }

    @property
    def exports(self) -> Iterator[tuple[str, str]]:
        """The title and the link of each export."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        for kind in EXPORTS:
            link = reverse(name, args=[kind], current_app=self.model_admin.admin_site.name)
            yield _("Export %(kind)s") % {"kind": kind.upper()}, link + self.get_query_string()
