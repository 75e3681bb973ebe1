"""One click from the front page into the admin, as the demo's user. For `manage.py demo` alone.

Whoever reaches this is a superuser at once. So it is closed unless that command opened it, which serves
127.0.0.1 and nothing else, and to whatever a proxy brings. Do not copy that to a site that others can reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model, login
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from .toolbar import is_on_this_machine

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

USER = "demo"

#: What there is to look at, in the admin.
LISTS = {
    "Hits": "admin:metrics_hits_hit_changelist",
    "Events": "admin:metrics_hits_event_changelist",
    "Browser timings": "admin:metrics_hits_timing_changelist",
    "All of the admin": "admin:index",
}

_open = False


def open_to_this_machine() -> None:
    """Let people on this machine in from now on, as the command does before it serves."""
    global _open
    _open = True


def is_open_to(request: HttpRequest) -> bool:
    return _open and is_on_this_machine(request)


def links() -> list[tuple[str, str]]:
    """Return the title and the path of each list."""
    return [(title, reverse(name)) for title, name in LISTS.items()]


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    if not is_open_to(request):
        raise Http404
    login(request, get_object_or_404(get_user_model(), username=USER))
    wanted = request.POST.get("next", "")
    return redirect(wanted if wanted in dict(links()).values() else "admin:index")
