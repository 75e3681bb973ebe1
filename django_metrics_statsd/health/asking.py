"""What a request asks for: which checks of which group."""

from __future__ import annotations

from django.http import HttpRequest

from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.loading import choose, loaded

#: Names in a query string that are looked at.
MOST = 100


def wanted(request: HttpRequest) -> list[Check]:
    """Return the checks that ``?group=``, ``?check=`` and ``?skip=`` leave."""
    group = request.GET.get("group")
    among = loaded.now.all if group is None else loaded.now.groups.get(group, ())
    only = request.GET.getlist("check")[:MOST] if "check" in request.GET else None
    return [named.check for named in choose(among, only, request.GET.getlist("skip")[:MOST])]


def chooses(request: HttpRequest) -> bool:
    """Whether a request asks for some checks only. A group that is empty by intent is no choice among any."""
    group = request.GET.get("group")
    if group is not None and not loaded.now.groups.get(group, (None,)):
        return False
    return not {"group", "check", "skip"}.isdisjoint(request.GET)


def checks_of(group: str) -> list[Check]:
    """Return the checks of a group; for one that there is not, one that fails."""
    return [named.check for named in loaded.now.group(group)]
