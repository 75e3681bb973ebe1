"""Filters with fixed choices, or with choices from the newest rows: none asks the whole table what it has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.hits.looking import spans
from django_metrics_statsd.hits.looking.conditions import Condition, between, equal, other

#: How many of the newest rows choices are taken from, and how many choices are shown.
SAMPLE = 2_000
CHOICES = 30

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


class AskingFilter(SimpleListFilter, ABC):
    """A filter that says what it asks for; the list makes a query of all that is asked for."""

    def condition(self) -> Condition | None:
        """Return the condition for the chosen value, or None."""
        value = self.value()
        if value is not None and "\0" in value:
            raise IncorrectLookupParameters("no text has a NUL")
        return None if value is None else self.asked(value)

    @abstractmethod
    def asked(self, value: str) -> Condition | None:
        """Return the condition for a value."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave it to the list."""
        return queryset


class FixedFilter(AskingFilter):
    """A filter whose choices stand in the class: value, title and condition of each."""

    fixed: Sequence[tuple[str, Any, Condition]] = ()

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [(value, title) for value, title, _ in self.fixed]

    def asked(self, value: str) -> Condition | None:
        """Return the condition for a value; a value that is no choice of ours asks for nothing."""
        return next((condition for name, _, condition in self.fixed if name == value), None)


class StatusFilter(FixedFilter):
    """By class of status."""

    title = _("status")
    parameter_name = "status"
    fixed = (
        ("2xx", "2xx", between("status_code", 200, 300)),
        ("3xx", "3xx", between("status_code", 300, 400)),
        ("4xx", "4xx", between("status_code", 400, 500)),
        ("5xx", "5xx", between("status_code", 500, 600)),
        ("errors", _("4xx and 5xx"), between("status_code", 400, 600)),
    )


class MethodFilter(FixedFilter):
    """By method."""

    title = _("method")
    parameter_name = "method"
    fixed = (
        *((name, name, other(method=name)) for name in METHODS),
        ("other", _("Other"), Condition(~Q(method__in=METHODS))),
    )


class LoggedInFilter(FixedFilter):
    """By whether the user was logged in."""

    title = _("logged in")
    parameter_name = "login"
    fixed = (
        ("yes", _("Yes"), other(is_authenticated=True)),
        ("no", _("No"), other(is_authenticated=False)),
        ("staff", _("Staff"), other(is_staff=True)),
    )


class AgentFilter(FixedFilter):
    """By kind of user agent."""

    title = _("user agent")
    parameter_name = "agent"
    fixed = (
        ("people", _("Not a bot"), other(is_bot=False)),
        ("bot", _("Bot"), other(is_bot=True)),
        ("pc", _("PC"), other(is_pc=True)),
        ("mobile", _("Mobile"), other(is_mobile=True)),
        ("tablet", _("Tablet"), other(is_tablet=True)),
    )


class SlowFilter(FixedFilter):
    """By request time."""

    title = _("request time")
    parameter_name = "slow"
    fixed = (
        ("200", _("200 ms or more"), other(request_time__gte=200)),
        ("1000", _("1 s or more"), other(request_time__gte=1_000)),
        ("5000", _("5 s or more"), other(request_time__gte=5_000)),
    )


class SampledFilter(AskingFilter):
    """A filter whose choices are the most frequent values of `column` in the newest rows.

    A value that is not among them can be asked for by the URL, and is then shown as chosen. ``columns`` are
    those that the filters of one table sample together, so that the rows are read once.
    """

    column: str
    columns: tuple[str, ...] = ()
    indexed = False

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the choices."""
        seen = Counter(row[self.columns.index(self.column)] for row in self._sample(request, model_admin))
        values = {value for value, _ in seen.most_common(CHOICES)} - {""}
        chosen = self.value()
        return [(value, value) for value in sorted(values | ({str(chosen)} if chosen else set()))]

    def _sample(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, ...]]:
        memory = vars(request)
        key = f"_metrics_hits_sample_{model_admin.opts.model_name}"
        if key not in memory:
            memory[key] = list(_newest(model_admin, request).values_list(*self.columns))
        return list(memory[key])

    def asked(self, value: str) -> Condition:
        """Return the condition for a value."""
        return equal(self.column, value) if self.indexed else other(**{self.column: value})


def _newest(model_admin: Any, request: HttpRequest) -> QuerySet[Any]:
    """Return the newest rows that the user may see.

    Where they begin is looked up first, for databases that would rather sort the table.
    """
    times = model_admin.model._default_manager.order_by("-time").values_list("time", flat=True)
    first = next(iter(times[SAMPLE : SAMPLE + 1]), None)
    rows: QuerySet[Any] = model_admin.get_queryset(request).order_by("-time")
    return (rows if first is None else rows.filter(time__gte=first))[:SAMPLE]


def sampled(*columns: str, titles: dict[str, Any], indexed: Sequence[str]) -> list[type[SampledFilter]]:
    """Return a filter for each of these columns of one table; `indexed` have an index with the time."""
    return [
        type(
            f"{column.title()}Filter",
            (SampledFilter,),
            {
                "title": titles[column],
                "parameter_name": column,
                "column": column,
                "columns": columns,
                "indexed": column in indexed,
            },
        )
        for column in columns
    ]


class TimeFilter(SimpleListFilter):
    """The chosen year, month, day or hour. The list shows it above the rows and not beside them."""

    title = _("time")
    parameter_name = "during"

    def __init__(self, request: HttpRequest, params: Any, model: type[Model], model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.span = self._read()

    def _read(self) -> spans.Span | None:
        value = self.value()
        try:
            return None if value is None else spans.read(str(value))
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return nothing: the choices depend on what the table has, which the list finds out."""
        return []

    def has_output(self) -> bool:
        """Tell Django that it is in use."""
        return True
