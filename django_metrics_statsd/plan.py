"""What the hot paths need of the settings, compiled once and dropped when a setting changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django_metrics_statsd.conf import conf, on_change

T = TypeVar("T")

#: URL namespaces whose requests are not the site's own: the debug toolbar's and ours.
OWN_NAMESPACES = frozenset(
    {
        "djdt",
        "django_metrics_statsd",
        "metrics_hits",
        "metrics_health",
        "metrics_monitoring",
        "metrics_dashboard",
    }
)
#: The apps with views in them. Where none of these is installed there is nothing to look for.
APPS_WITH_VIEWS = (
    "debug_toolbar",
    "django_metrics_statsd.health",
    "django_metrics_statsd.monitoring",
    "django_metrics_statsd.dashboard",
)


class Plan:
    """The settings as the middlewares and patches use them.

    Attributes:
        tags: whether the built-in stats carry tags.
        details: whether a view's time is also sent per module and per method.
        excluded: a function of the path that is true for requests to leave out, or None.
        server_timing: a function of the request, True for staff and DEBUG, or False.
        views: ``{(view, method): (view's name, names of its timings)}``, filled by the middleware.
    """

    __slots__ = ("details", "excluded", "server_timing", "tags", "views")

    def __init__(self) -> None:
        patterns = conf.STATSD_EXCLUDE
        self.tags = conf.STATSD_TAGS is not None
        self.details = conf.STATSD_VIEW_TIMER_DETAILS
        self.excluded: Callable[[str], Any] | None = None
        if patterns:
            self.excluded = _match_any(patterns)
        self.views: dict[tuple[Any, str | None], tuple[str, tuple[str, ...]]] = {}
        self.server_timing = conf.STATSD_SERVER_TIMING


def _match_any(patterns: Sequence[str]) -> Callable[[str], Any]:
    """Return a function that matches any: as one expression, unless groups or flags are each one's own."""
    compiled = [re.compile(pattern) for pattern in patterns]
    if all(each.groups == 0 and each.flags == re.UNICODE for each in compiled):
        return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)).match
    return lambda path: any(each.match(path) for each in compiled)


class Compiled(Generic[T]):
    """Holds what `make` makes of the settings; ``.now`` is made at first use and after a setting changed.

    `prefixes` are the beginnings of the settings' names; without any, ``STATSD_``.
    """

    now: T

    def __init__(self, make: Callable[[], T], *prefixes: str) -> None:
        self._make = make
        on_change(self.reset, *(prefixes or ("STATSD_",)))

    def __getattr__(self, name: str) -> T:
        if name != "now":
            raise AttributeError(name)
        made = self.__dict__["now"] = self._make()
        return made

    def reset(self) -> None:
        """Compile anew at the next use."""
        self.__dict__.pop("now", None)


planned = Compiled(Plan)
