"""Who sees the debug toolbar: a browser on this machine, on any page that a person opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .traffic import USER_AGENT

if TYPE_CHECKING:
    from django.http import HttpRequest

LOOPBACK = {"127.0.0.1", "::1"}
# The front page asks for this once a second: in the toolbar's history nothing else would be left.
POLLED = "/stats"


def show_toolbar(request: HttpRequest) -> bool:
    """Whether the toolbar is on. The demo's own visitors have none, which would only cost them time."""
    meta = request.META
    return (
        meta.get("REMOTE_ADDR") in LOOPBACK
        and meta.get("HTTP_USER_AGENT") != USER_AGENT
        and request.path_info != POLLED
    )
