"""Counts each response and times each request, sync and async, whatever was raised.

Put these first in ``MIDDLEWARE``: what stands before them is neither counted nor timed. One class serves
both modes, so under ASGI no request changes threads because of us.
"""

from __future__ import annotations

from asyncio import CancelledError
from time import perf_counter

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponseBase
from django.http.multipartparser import MultiPartParserError

from django_metrics_statsd import server_timing
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.names import (
    UNRESOLVED,
    Frozen,
    TagValues,
    action_name,
    freeze_tags,
    method_name,
    status_name,
    view_name,
)
from django_metrics_statsd.observation import Observation
from django_metrics_statsd.observing import GetResponse, ObservingMiddleware, when_closed
from django_metrics_statsd.plan import planned
from django_metrics_statsd.users import is_authenticated

_MAX_VIEWS = 2_048
_MAX_RESOURCES = 500


class GraphiteMiddleware(ObservingMiddleware):
    """Counts each response: ``response.{status}``, and ``response.auth.{status}`` for known users.

    A user counts as authenticated when the request has loaded its user and it is. We never load it:
    that would be a query that the view did not ask for. A request that was cancelled, because the
    browser left, counts as ``response.cancelled``.
    """

    _names: dict[int, tuple[str, str]] = {}

    def responded(
        self, request: HttpRequest, response: HttpResponseBase, seen: Observation, start: float
    ) -> None:
        """Count one response."""
        self._count(request, response.status_code)

    def raised(self, request: HttpRequest, error: BaseException, start: float) -> None:
        """Count what the exception would have become."""
        if isinstance(error, CancelledError):
            statsd.incr("response.cancelled")
        elif isinstance(error, Exception):
            self._count(request, status_of(error))

    def _count(self, request: HttpRequest, status: int) -> None:
        plain, auth = self._names.get(status) or self._name(status)
        tags = None
        if planned.now.tags:
            tags = freeze_tags({"status": status_name(status), "method": method_name(request.method)})
        statsd.incr(plain, 1, 1, tags)
        if "user" in request.__dict__ and is_authenticated(request):
            statsd.incr(auth, 1, 1, tags)

    @classmethod
    def _name(cls, status: int) -> tuple[str, str]:
        word = status_name(status)
        names = f"response.{word}", f"response.auth.{word}"
        if word == str(status):  # one of a few hundred, not of endlessly many
            cls._names[status] = names
        return names


#: As django.core.handlers.exception.response_for_exception answers.
_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (Http404, 404),
    (PermissionDenied, 403),
    (MultiPartParserError, 400),
    (BadRequest, 400),
    (SuspiciousOperation, 400),
)


def status_of(error: Exception) -> int:
    """Return the status that Django answers with when a view raises this."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


class GraphiteRequestTimingMiddleware(ObservingMiddleware):
    """Times each request, in milliseconds, under its view's name.

    ``view.{module}.{name}.{METHOD}`` and, with ``STATSD_VIEW_TIMER_DETAILS``, ``view.{module}.{METHOD}``
    and ``view.{METHOD}``. A streaming response is timed until it is closed, to its last byte.
    """

    def responded(
        self, request: HttpRequest, response: HttpResponseBase, seen: Observation, start: float
    ) -> None:
        """Send the time, now or when the stream ends."""
        view, names = self._find_names(request)
        tags = self._tags(request, view, response.status_code) if planned.now.tags else None
        if response.streaming:
            when_closed(response, _send_times, names, start, tags)
        else:
            _send_times(names, start, tags)
        if planned.now.server_timing:
            server_timing.add(request, response, seen, 1000 * (perf_counter() - start))

    def raised(self, request: HttpRequest, error: BaseException, start: float) -> None:
        """Send the time of a request that ended in an exception; a cancelled one has none to speak of."""
        if isinstance(error, Exception):
            view, names = self._find_names(request)
            tags = self._tags(request, view, status_of(error)) if planned.now.tags else None
            _send_times(names, start, tags)

    def _tags(self, request: HttpRequest, view: str, status: int) -> Frozen:
        method = method_name(request.method)
        return freeze_tags({"view": view, "method": method, "status": status_name(status)})

    def _find_names(self, request: HttpRequest) -> tuple[str, tuple[str, ...]]:
        match = request.resolver_match
        key = (match.func if match is not None else None, request.method)
        known = planned.now.views
        try:
            return known[key]
        except KeyError:
            if len(known) >= _MAX_VIEWS:
                known.clear()
            names = known[key] = self._make_names(request)
            return names
        except TypeError:  # a view that cannot be hashed
            return self._make_names(request)

    def _make_names(self, request: HttpRequest) -> tuple[str, tuple[str, ...]]:
        module, name = self.view_name(request)
        method = method_name(request.method)
        view = f"{module}.{name}" if name else module
        names = [f"view.{view}.{method}"]
        if planned.now.details:
            names += [f"view.{module}.{method}", f"view.{method}"]
        return view, tuple(dict.fromkeys(names))

    def view_name(self, request: HttpRequest) -> tuple[str, str]:
        """Return the module and the name under which this request is timed."""
        match = request.resolver_match
        if match is None:
            return UNRESOLVED
        module, name = view_name(match.func)
        action = action_name(match.func, request.method or "")
        return module, f"{name}.{action}" if action else name


class TastyPieRequestTimingMiddleware(GraphiteRequestTimingMiddleware):
    """Times Tastypie's requests as ``view.{api_name}.{resource_name}.{METHOD}``, others by their view."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._bounded = TagValues(_MAX_RESOURCES)

    def _find_names(self, request: HttpRequest) -> tuple[str, tuple[str, ...]]:
        match = request.resolver_match
        if match is not None and "resource_name" in match.kwargs:
            return self._make_names(request)
        return super()._find_names(request)

    def view_name(self, request: HttpRequest) -> tuple[str, str]:
        """Return Tastypie's API and resource, else what the parent returns."""
        match = request.resolver_match
        if match is None or not {"api_name", "resource_name"} <= match.kwargs.keys():
            return super().view_name(request)
        module = self._bounded("api", str(match.kwargs["api_name"]))
        return module, self._bounded("resource", str(match.kwargs["resource_name"]))


def _send_times(names: tuple[str, ...], start: float, tags: Frozen | None) -> None:
    ms = 1000 * (perf_counter() - start)
    for name in names:
        statsd.timing(name, ms, 1, tags)
