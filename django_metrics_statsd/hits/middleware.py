"""One record per request. What is done in the request is to gather what only it knows, and one append.

Put `HitsMiddleware` first, beside the timing middlewares of the core. Everything that takes parsing (the
client's address, the view's name) is done later, in a thread, by `making`.
"""

from __future__ import annotations

from asyncio import CancelledError
from random import random
from time import perf_counter, time_ns
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from django_metrics_statsd import observation
from django_metrics_statsd.hits.making import Origin, make_hit
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import AGENT, PATH
from django_metrics_statsd.hits.requests import asks_for_privacy, origin_of, path_of
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.sizes import Size
from django_metrics_statsd.middleware import status_of
from django_metrics_statsd.observation import Observation
from django_metrics_statsd.observing import ObservingMiddleware, when_closed
from django_metrics_statsd.users import loaded_user

#: The status of a request whose client left before there was an answer, as nginx records it.
CLIENT_CLOSED_REQUEST = 499
#: Characters of a request's texts together, past which each is cut before it waits in memory.
_LONG = 1_024


class HitsMiddleware(ObservingMiddleware):
    """Records a hit for each request: who, what, from where, how long, how large, how many queries.

    A stream is recorded when it is closed, with its whole time and size. The user is recorded if the
    request has loaded it: we never load it, as that would be a query that the view did not ask for.
    """

    def responded(
        self, request: HttpRequest, response: HttpResponseBase, seen: Observation, start: float
    ) -> None:
        """Put the hit on the road, now or when the stream ends."""
        if not is_wanted(request):
            return
        status, reason = int(response.status_code), response._reason_phrase  # type: ignore[attr-defined]
        if response.streaming:
            size = Size.of(response)
            when_closed(response, _record_stream, request, status, reason, size, seen, start)
        else:
            record(request, status, reason, _size_of(response), seen, start)

    def raised(self, request: HttpRequest, error: BaseException, start: float) -> None:
        """Put the hit of a request without a response on the road."""
        if not is_wanted(request):
            return
        seen = observation.of(request) or Observation()
        if isinstance(error, CancelledError):
            record(request, CLIENT_CLOSED_REQUEST, "Client Closed Request", 0, seen, start)
        elif isinstance(error, Exception):
            record(request, status_of(error), None, 0, seen, start)


def is_wanted(request: HttpRequest) -> bool:
    """Whether the settings want a hit of this request."""
    plan = planned.now
    if plan.stopped:
        return False
    excluded = plan.excluded
    if excluded is not None and excluded(request.path_info):
        return False
    if plan.signals == "leave_out" and asks_for_privacy(request):
        return False
    return plan.sample >= 1 or random() < plan.sample


def _record_stream(
    request: HttpRequest, status: int, reason: str | None, size: Size, seen: Observation, start: float
) -> None:
    record(request, status, reason, size.bytes, seen, start)


def record(
    request: HttpRequest, status: int, reason: str | None, size: int, seen: Observation, start: float
) -> None:
    """Put a request's hit on the road.

    Args:
        request: the request.
        status, reason: the response's; the reason None where it is the status's usual one.
        size: bytes of the response's body.
        seen: what the request has gathered.
        start: ``perf_counter()`` when it began.
    """
    ms = 1000 * (perf_counter() - start)
    meta, path, match = request.META, path_of(request), request.resolver_match
    view, route = (None, "") if match is None else (match.func, match.route or "")
    agent, referer = meta.get("HTTP_USER_AGENT", ""), meta.get("HTTP_REFERER", "")
    origin: Origin | None = origin_of(meta)
    if len(path) + len(agent) + len(referer) > _LONG:
        path, agent, referer = path[:PATH], agent[:AGENT], referer[:PATH]
    user = _describe(request) if "user" in request.__dict__ else None
    if planned.now.signals is not None and asks_for_privacy(request):
        agent = referer = ""
        origin = user = None
    road.put(
        make_hit,
        time_ns(),
        ms,
        request.method,
        path,
        view,
        route,
        status,
        reason,
        size,
        seen.queries,
        seen.query_ms,
        origin,
        agent,
        referer,
        user,
    )


def _size_of(response: Any) -> int:
    try:
        return len(response.content)
    except Exception:  # a template that is not rendered, or a response of the site's own kind
        return 0


def _describe(request: HttpRequest) -> tuple[str, bool, bool] | None:
    """Return the loaded user's name, and whether it is staff and superuser; None for nobody."""
    user: Any = loaded_user(request)
    if user is None or getattr(user, "is_authenticated", False) is not True:
        return None
    name = str(user.get_username())
    return name, bool(getattr(user, "is_staff", False)), bool(getattr(user, "is_superuser", False))
