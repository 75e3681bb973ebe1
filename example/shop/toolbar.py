"""Who sees the debug toolbar: a browser on this machine, on any page that a person opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

LOOPBACK = {"127.0.0.1", "::1"}
# The front page asks for this once a second: in the toolbar's history nothing else would be left.
POLLED = "/stats"


def show_toolbar(request: HttpRequest) -> bool:
    """Whether the toolbar is on. The demo's own visitors have none, which would only cost them time."""
    return is_on_this_machine(request) and request.path_info != POLLED


def is_on_this_machine(request: HttpRequest) -> bool:
    """Whether nobody stands between: the demo's visitors come as if through a proxy, from far away."""
    meta = request.META
    proxied = "HTTP_X_FORWARDED_FOR" in meta or "HTTP_FORWARDED" in meta
    return meta.get("REMOTE_ADDR") in LOOPBACK and not proxied
