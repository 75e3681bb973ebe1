"""Makes responses of reports: the format that was asked for, the status, and headers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import MediaType

import django_metrics_statsd
from django_metrics_statsd.health import recent
from django_metrics_statsd.health.access import is_trusted
from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.health.formats import atom, json, openmetrics, text
from django_metrics_statsd.health.results import Report

VERSION_HEADER = "X-Watchman-Version"
#: The types that ``Accept`` knows, and the names that ``?format=`` does. The first is for who has no wish.
TYPES = {
    "application/json": "json",
    "text/plain": "text",
    "application/openmetrics-text": "openmetrics",
    "application/atom+xml": "atom",
}
_WILD = {"*/*": "json", "application/*": "json", "text/*": "text"}
#: Readers of these look at what is written, and take another status than 200 for a failure to read it.
_ALWAYS_200 = frozenset({"openmetrics", "atom"})


def answer(request: HttpRequest, report: Report, code: int) -> HttpResponse:
    """Return a report in the format asked for; `code` is the HTTP status where a check failed."""
    wanted = _format_of(request)
    body, content_type = _WRITERS[wanted](request, report, is_trusted(request))
    status = 200 if report.good or wanted in _ALWAYS_200 else code
    return finish(request, HttpResponse(body, content_type=content_type, status=status))


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a request for a format that there is not, before anything is checked for it."""
    wanted = _format_of(request)
    if wanted in _WRITERS:
        return None
    message = f"format is {wanted!r}; write one of {', '.join(_WRITERS)}."
    return finish(request, JsonResponse({"error": 400, "message": message}, status=400))


def finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Set the headers that all answers have."""
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept, Authorization"
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "same-origin"  # a token may be in the query string
    if conf.EXPOSE_WATCHMAN_VERSION and is_trusted(request):
        response[VERSION_HEADER] = django_metrics_statsd.__version__
    return quiet(response)


def quiet(response: HttpResponse) -> HttpResponse:
    """Keep a 503 out of the log that mails errors to people: a probe asks again in a few seconds."""
    response._has_been_logged = True  # type: ignore[attr-defined]  # django.utils.log.log_response reads it
    return response


def nothing_to_check(request: HttpRequest) -> HttpResponse:
    """Return the 404 of django-watchman for a request that leaves nothing to run."""
    return finish(request, JsonResponse({"error": 404, "message": "No checks found"}, status=404))


def _format_of(request: HttpRequest) -> str:
    named = request.GET.get("format")
    if named is not None:
        return named[:20]
    wishes = [wish for wish in request.accepted_types if wish.quality > 0]
    found = (_format_for(wish) for wish in sorted(wishes, key=_rank))
    return next((each for each in found if each), "json")


def _rank(wish: MediaType) -> tuple[float, int]:
    return -wish.quality, (wish.main_type, wish.sub_type).count("*")


def _format_for(wish: MediaType) -> str | None:
    """Return the format for one type of ``Accept``, or None.

    Parameters do not matter: Prometheus adds new ones. But ``text/plain; version=0.0.4`` asks for metrics.
    """
    kind = f"{wish.main_type}/{wish.sub_type}"
    if kind == "text/plain" and "version" in wish.params:
        return "openmetrics"
    return _WILD.get(kind) or TYPES.get(kind)


def _json(request: HttpRequest, report: Report, trusted: bool) -> tuple[str, str]:
    return json.render(report, trusted=trusted), json.CONTENT_TYPE


def _text(request: HttpRequest, report: Report, trusted: bool) -> tuple[str, str]:
    return text.render(report, trusted=trusted), text.CONTENT_TYPE


def _openmetrics(request: HttpRequest, report: Report, trusted: bool) -> tuple[str, str]:
    return openmetrics.render(report, trusted=trusted), openmetrics.CONTENT_TYPE


def _atom(request: HttpRequest, report: Report, trusted: bool) -> tuple[str, str]:
    by_name = recent.changes(dict.fromkeys(result.name for result in report.results))
    changes = [change for changes in by_name.values() for change in changes]
    link = request.build_absolute_uri(request.path)  # without the query string, which may hold a token
    return atom.render(changes, link, trusted=trusted), atom.CONTENT_TYPE


_WRITERS: dict[str, Callable[[HttpRequest, Report, bool], tuple[str, str]]] = {
    "json": _json,
    "text": _text,
    "openmetrics": _openmetrics,
    "atom": _atom,
}
