"""The ``Server-Timing`` header: a request's own numbers in the browser's network panel.

Format: W3C Server Timing, https://www.w3.org/TR/server-timing/. It tells strangers how the site works
inside, so it is off by default, and on it is for staff and DEBUG unless the site decides otherwise.
"""

from __future__ import annotations

import inspect

from django.http import HttpRequest, HttpResponseBase

from django_metrics_statsd.conf import debug
from django_metrics_statsd.observation import Observation
from django_metrics_statsd.plan import planned
from django_metrics_statsd.users import is_staff

HEADER = "Server-Timing"


def add(request: HttpRequest, response: HttpResponseBase, seen: Observation, total: float) -> None:
    """Add the header if this request may see it. `total` is in milliseconds."""
    if not _allowed(request):
        return
    before = response.headers.get(HEADER)
    ours = describe(seen, total)
    response.headers[HEADER] = f"{before}, {ours}" if before else ours


def _allowed(request: HttpRequest) -> bool:
    switch = planned.now.server_timing
    if switch is True:
        return debug() or is_staff(request)
    allowed = switch and switch(request)
    if inspect.iscoroutine(allowed):  # nobody waits for it here, and it is no yes
        allowed.close()
        return False
    return bool(allowed)


def describe(seen: Observation, total: float) -> str:
    """Write an observation as the header's value."""
    return (
        f"total;dur={total:.1f}, "
        f'db;dur={seen.query_ms:.1f};desc="{seen.queries} queries", '
        f'cache;dur={seen.cache_ms:.1f};desc="{seen.cache_calls} calls, '
        f'{seen.cache_hits} hits, {seen.cache_misses} misses"'
    )
