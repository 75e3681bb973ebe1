"""What the page shows: a card for each check, a row for each part, since when, and what was before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext

from django_metrics_statsd.csp import protect
from django_metrics_statsd.health import recent
from django_metrics_statsd.health.access import is_trusted
from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.health.formats.json import Encoder
from django_metrics_statsd.health.history import Change
from django_metrics_statsd.health.loading import loaded
from django_metrics_statsd.health.results import NOTHING, Report, Result, State, worst_of

#: Seconds between two looks of the page, at least; changes that a row shows; characters of a value.
SHORTEST, SHOWN, VALUE = 5.0, 10, 200
FORMATS = ("json", "text", "openmetrics", "atom")


@dataclass(frozen=True)
class Past:
    """A state, when it began, when the next one did, and why."""

    state: State
    began: datetime
    ended: datetime | None
    message: str

    @property
    def lasted(self) -> str:
        """For how long, in words."""
        return span(self.began, self.ended or datetime.now(UTC))


@dataclass(frozen=True)
class Row:
    """One result, as the page shows it. For strangers only the first five are filled in."""

    key: str
    part: str
    state: State
    since: datetime | None
    past: list[Past]
    at: datetime | None = None
    duration_ms: float | None = None
    message: str = ""
    details: list[tuple[str, str]] | None = None
    stacktrace: str = ""

    @property
    def lasts(self) -> str:
        """For how long it is in this state, in words."""
        return span(self.since, datetime.now(UTC)) if self.since else ""


@dataclass(frozen=True)
class Card:
    """One check."""

    name: str
    state: State
    rows: list[Row]


def span(began: datetime, ended: datetime) -> str:
    """Return a span of time in words; Django's own begin at a minute."""
    seconds = max(0, round((ended - began).total_seconds()))
    return gettext("%d s") % seconds if seconds < 60 else timesince(began, ended)


def _moment(seconds: float) -> datetime:
    """Return a time in the site's zone: with ``USE_TZ = False`` templates would show it as it is."""
    return datetime.fromtimestamp(seconds, timezone.get_current_timezone())


def respond(request: HttpRequest, report: Report) -> HttpResponse:
    """Return the page, or with ``?fragment`` what its script puts in place of what is there."""
    part = "fragment" in request.GET
    template = "metrics_health/_checks.html" if part else "metrics_health/dashboard.html"
    body = render_to_string(template, context(request, report), request)
    return protect(HttpResponse(body, status=200 if report or part else 404))


def context(request: HttpRequest, report: Report) -> dict[str, Any]:
    """Return what the templates know."""
    trusted = is_trusted(request)
    changes = recent.changes(dict.fromkeys(result.name for result in report.results))
    cards = list(_cards(report, changes, trusted=trusted))
    return {
        "cards": cards,
        "state": report.state,
        "counts": _counts(report),
        "latest": _decisive(cards, report.state),
        "trusted": trusted,
        "known": [named.check.name for named in loaded.now.all],
        "formats": [(name, _link(request, name)) for name in FORMATS],
        "every": max(SHORTEST, conf.WATCHMAN_CACHE_SECONDS),
        "kiosk": "kiosk" in request.GET,
        "now": timezone.localtime(),
    }


def _decisive(cards: list[Card], state: State) -> Row | None:
    """Return the row since which all is as it is: what broke first, or what mended last."""
    rows = [row for card in cards for row in card.rows if row.since]
    if state is State.OK:
        return max(rows, key=_began, default=None)
    return min((row for row in rows if row.state is state), key=_began, default=None)


def _began(row: Row) -> datetime:
    return row.since or datetime.min.replace(tzinfo=UTC)


def _cards(report: Report, changes: Mapping[str, list[Change]], *, trusted: bool) -> Iterator[Card]:
    for name in dict.fromkeys(result.check for result in report.results):
        results = [result for result in report.results if result.check == name]
        rows = [_row(result, changes.get(result.name, []), trusted=trusted) for result in results]
        yield Card(name, worst_of(row.state for row in rows), rows)


def _row(result: Result, changes: list[Change], *, trusted: bool) -> Row:
    past = list(_past(changes[: SHOWN + 1], trusted=trusted))
    begun = past[0].began if past and past[0].state is result.state else None
    row = Row(result.name, result.part, result.state, begun, past[:SHOWN])
    if not trusted:
        return row
    return replace(
        row,
        at=_moment(result.at),
        duration_ms=result.duration_ms,
        message=result.message,
        details=list(_details(result)),
        stacktrace=result.stacktrace,
    )


def _past(changes: list[Change], *, trusted: bool) -> Iterator[Past]:
    """Yield the states of a check, latest first, each with its end."""
    ended = None
    for change in changes:
        began = _moment(change.at)
        yield Past(change.state, began, ended, change.message if trusted else "")
        ended = began


def _details(result: Result) -> Iterator[tuple[str, str]]:
    if result.value is not NOTHING:
        yield "value", _written(result.value)
    for key, value in result.details.items():
        yield key.replace("_", " "), _written(value)


def _written(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, cls=Encoder, ensure_ascii=False)
    return text if len(text) <= VALUE else f"{text[:VALUE]}…"


def _counts(report: Report) -> list[tuple[State, int]]:
    """Return how many results there are of each state, gravest first."""
    states = [result.state for result in report.results]
    order = (State.FAIL, State.TIMEOUT, State.WARN, State.OK, State.SKIPPED)
    return [(state, states.count(state)) for state in order if state in states]


def _link(request: HttpRequest, name: str) -> str:
    """Return the status in another format, with what this page was asked, a token included."""
    asked = [(key, value) for key, values in request.GET.lists() for value in values]
    kept = [pair for pair in asked if pair[0] not in {"format", "fragment", "kiosk"}]
    return f"../?{urlencode([*kept, ('format', name)])}"
