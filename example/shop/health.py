"""The shop's own health check, and who is told the details.

Checks of this package need no code; see ``WATCHMAN_CHECKS`` in the settings.
"""

from __future__ import annotations

from functools import wraps
from time import time
from typing import TYPE_CHECKING, Any

from django.http import HttpResponseForbidden

from django_metrics_statsd.health.checks import Check, Warn

from .toolbar import is_on_this_machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

#: Seconds from one traffic jam to the next, and how long one lasts.
ROUND, JAM = 90, 20


class Couriers(Check):
    """Whether the van gets through. A clock plays the traffic, so that there is something to see."""

    def run(self) -> dict[str, int]:
        seconds = int(time()) % ROUND
        if seconds < JAM:
            raise Warn("The van is in a traffic jam.", minutes_late=5 + seconds)
        return {"minutes_late": 0}


def this_machine(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let people on this machine see everything. A site of your own has tokens, or lets staff in."""

    @wraps(view)
    def guarded(request: HttpRequest) -> Any:
        return view(request) if is_on_this_machine(request) else HttpResponseForbidden()

    return guarded
