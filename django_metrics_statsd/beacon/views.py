"""The view ``record``: takes what browsers report and emits it as stats.

One object serves both modes: called in an event loop it is a coroutine function, else a plain one, so
neither WSGI nor ASGI pays for a change of threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from django_metrics_statsd.beacon import cors, listeners, segments
from django_metrics_statsd.beacon.beacons import Beacon, Refused
from django_metrics_statsd.beacon.guards import unavailable
from django_metrics_statsd.beacon.plan import planned
from django_metrics_statsd.beacon.reading import read
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.names import NO_TAGS, freeze_tags
from django_metrics_statsd.safety import failed, say_once

_COUNTS = "django_metrics_statsd.beacon."
_METHODS = "GET, HEAD, OPTIONS, POST"
#: Fields that one answer names.
_MAX_NAMED = 20

# How this Python marks what is a coroutine function (inspect.markcoroutinefunction, or asgiref's before).
_MARK, _MARKED = next(iter(vars(markcoroutinefunction(lambda: None)).items()))


class _EveryDatabase:
    """Says that the view wants no transaction, whatever ATOMIC_REQUESTS says: it has no query."""

    def __contains__(self, alias: object) -> bool:
        return True


class Record:
    """The view. Without CSRF protection, as browsers send beacons without asking for a token."""

    def __init__(self) -> None:
        # Of the instance, as decorators copy what is in a view's __dict__.
        self.csrf_exempt = True
        self.login_required = False  # Django's LoginRequiredMiddleware
        self._non_atomic_requests = _EveryDatabase()

    def __call__(self, request: HttpRequest) -> Any:
        """Answer one request; in an event loop return an awaitable that does."""
        if _in_event_loop():
            return self._arespond(request)
        with muted():
            response = _without_beacon(request) or _ask(request) or _take(request)
            return _finish(request, response)

    async def _arespond(self, request: HttpRequest) -> HttpResponseBase:
        with muted():
            response = _without_beacon(request) or await _aask(request) or _take(request)
            return _finish(request, response)


def _in_event_loop() -> bool:
    return asyncio._get_running_loop() is not None


def _mark(record: Record) -> object:
    return _MARKED if _in_event_loop() else None


# Django looks at the mark when it calls a view, in an event loop or not, and adapts what is of the other
# mode.
setattr(Record, _MARK, property(_mark))


def _without_beacon(request: HttpRequest) -> HttpResponse | None:
    """Answer what brings no beacon."""
    if request.method in {"POST", "GET"}:
        return None
    if request.method in {"HEAD", "OPTIONS"}:
        return HttpResponse(status=204, content_type="text/plain", headers={"Allow": _METHODS})
    _count_refused("method")
    return HttpResponse(status=405, content_type="text/plain", headers={"Allow": _METHODS})


def _ask(request: HttpRequest) -> HttpResponseBase | None:
    """Ask the guards; return the first refusal."""
    for guard in planned.now.guards:
        try:
            answer = guard(request)
            if isawaitable(answer):
                answer = async_to_sync(_wait_for)(answer)
        except Exception:
            answer = _guard_failed(request)
        if answer is not None:
            return _refusal(request, answer)
    return None


async def _wait_for(answer: Any) -> Any:
    return await answer


async def _aask(request: HttpRequest) -> HttpResponseBase | None:
    for guard in planned.now.guards:
        try:
            answer = await _acall(guard, request)
        except Exception:
            answer = _guard_failed(request)
        if answer is not None:
            return _refusal(request, answer)
    return None


async def _acall(guard: Callable[..., Any], request: HttpRequest) -> Any:
    call: Any = guard
    if getattr(guard, "blocks", True) and not _is_async(guard):
        call = sync_to_async(guard, thread_sensitive=True)
    answer = call(request)
    answer = await answer if isawaitable(answer) else answer
    return await answer if isawaitable(answer) else answer  # a plain function that gave an awaitable


def _is_async(guard: Callable[..., Any]) -> bool:
    return iscoroutinefunction(guard) or iscoroutinefunction(type(guard).__call__)


def _guard_failed(request: HttpRequest) -> HttpResponse:
    failed("beacon.guard")
    return unavailable(request)


def _refusal(request: HttpRequest, answer: Any) -> HttpResponseBase:
    refusal = answer if isinstance(answer, HttpResponseBase) else _no_response(request, answer)
    _count_refused(getattr(refusal, "beacon_reason", "guard"))
    return refusal


def _no_response(request: HttpRequest, answer: Any) -> HttpResponse:
    message = "a guard of STATSD_RECORD_GUARD returned a %s; it must return None or a response"
    say_once("beacon.guard", message, type(answer).__name__)
    return unavailable(request)


def _take(request: HttpRequest) -> HttpResponse:
    """Read the beacon, emit what is good of it, and say what is not."""
    try:
        beacon = read(request)
        _emit(request, beacon)
        listeners.tell(request, beacon)
    except Refused as error:
        return _refuse([error])
    except Exception:
        failed("beacon")
        return _refuse([Refused("fault", "the beacon could not be read")])
    if beacon.refused:
        return _refuse(beacon.refused)
    return HttpResponse(status=204, content_type="text/plain")


def _emit(request: HttpRequest, beacon: Beacon) -> None:
    if beacon.ignored or not (beacon.times or beacon.counts or beacon.refused):
        statsd.incr(_COUNTS + "ignored")
    tags = freeze_tags(segments.tags_of(request, beacon)) if planned.now.segments else NO_TAGS
    for name, ms in beacon.times.items():
        statsd.timing(name, ms, 1, tags)
    for name, count in beacon.counts.items():
        statsd.incr(name, count, 1, tags)


def _refuse(errors: list[Refused]) -> HttpResponse:
    for error in errors:
        _count_refused(error.reason)
    lines = "".join(f"Refused, {error.reason}: {error.detail}.\n" for error in errors[:_MAX_NAMED])
    return HttpResponse(lines, status=errors[0].status, content_type="text/plain")


def _count_refused(reason: str) -> None:
    statsd.incr(f"{_COUNTS}refused.{reason}")


def _finish(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    cors.allow(request, response)
    return response


record = Record()
