"""What ready-made widgets need, and how each is switched on where a site has not got it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from django.apps import apps
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.conf import conf, project_setting
from django_metrics_statsd.dashboard.widget_base import Need

PACKAGE: Final = "django_metrics_statsd"
MONITORING: Final = f"{PACKAGE}.monitoring"
HITS: Final = f"{PACKAGE}.hits"
HEALTH: Final = f"{PACKAGE}.health"
CLIENT: Final = f"{MONITORING}.client"
COUNTING: Final = f"{PACKAGE}.middleware.GraphiteMiddleware"
TIMING: Final = f"{PACKAGE}.middleware.GraphiteRequestTimingMiddleware"
HANDLER: Final = f"{PACKAGE}.loggers.errors.StatsdHandler"

#: Says what is missing, or None.
Source = Callable[[], Need | None]


def first(sources: Iterable[Source]) -> Need | None:
    """Return what the first source that is missing needs."""
    return next((need for source in sources if (need := source()) is not None), None)


def _app(path: str, what: Any) -> Need | None:
    if apps.is_installed(path):
        return None
    return Need(what, _("Add “%s” to INSTALLED_APPS.") % path)


def store() -> Need | None:
    """Need the stats that this site's own database keeps."""
    what = _("the stats of this site")
    if need := _app(MONITORING, what):
        return need
    if any(path.startswith(CLIENT) for path in conf.STATSD_CLIENT):
        return None
    return Need(what, _("Add “%s” to STATSD_CLIENT.") % CLIENT)


def counted_requests() -> Need | None:
    """Need the middleware that counts responses."""
    return _middleware(COUNTING, _("the counts of requests"))


def timed_requests() -> Need | None:
    """Need the middleware that times views."""
    return _middleware(TIMING, _("the times of requests"))


def _middleware(path: str, what: Any) -> Need | None:
    if _has_middleware(path, tuple(project_setting("MIDDLEWARE") or ())):
        return None
    return Need(what, _("Add “%s” to MIDDLEWARE.") % path)


@lru_cache(maxsize=32)
def _has_middleware(path: str, installed: tuple[str, ...]) -> bool:
    """Whether one of the middlewares is this one, or a class of the site's made of it."""
    if path in installed:
        return True
    wanted = import_string(path)
    found = [import_string(each) for each in installed]
    return any(isinstance(each, type) and issubclass(each, wanted) for each in found)


def timed_queries() -> Need | None:
    """Need the patch of database cursors."""
    return _patch(f"{PACKAGE}.patches.db", _("the times of queries"))


def counted_cache_calls() -> Need | None:
    """Need the patch of caches."""
    return _patch(f"{PACKAGE}.patches.cache", _("the calls of caches"))


def _patch(path: str, what: Any) -> Need | None:
    from django_metrics_statsd.patches.base import find_patch

    if find_patch(path).installed:
        return None
    return Need(what, _("Add “%s” to STATSD_PATCHES.") % path)


def counted_errors() -> Need | None:
    """Need the logging handler that counts errors."""
    from django_metrics_statsd.loggers.errors import StatsdHandler

    if any(isinstance(handler, StatsdHandler) for handler in _handlers()):
        return None
    return Need(_("the counts of errors"), _("Add a handler with the class “%s” to LOGGING.") % HANDLER)


def _handlers() -> Iterator[logging.Handler]:
    """Yield the handlers of all loggers that there are."""
    root = logging.getLogger()
    yield from root.handlers
    for logger in list(root.manager.loggerDict.values()):
        yield from getattr(logger, "handlers", ())


def beacons() -> Need | None:
    """Need the view that browsers report to."""
    from django_metrics_statsd.beacon.views import record

    try:
        reverse(f"{PACKAGE}:record")
    except NoReverseMatch:
        if not get_resolver().reverse_dict.getlist(record):
            how = _("Include “%s” in your URLs and write the tag {%% statsd_beacon %%} into your pages.")
            return Need(_("what browsers report"), how % f"{PACKAGE}.urls")
    return None


def health() -> Need | None:
    """Need health checks."""
    return _app(HEALTH, _("health checks"))


def hits() -> Need | None:
    """Need the records of requests."""
    need = _stored("hit", _("the records of requests"))
    return need or _middleware(f"{HITS}.middleware.HitsMiddleware", _("the records of requests"))


def events() -> Need | None:
    """Need events in a database of the site's."""
    return _stored("event", _("events"))


def _stored(model: str, what: Any) -> Need | None:
    if need := _app(HITS, what):
        return need
    if database_of(model) is not None:
        return None
    return Need(what, _("Add a storage of the type “django” to WT_DATABASES."))


def collectors() -> Need | None:
    """Need Redis, from which collectors take records."""
    what = _("a collector of records")
    if need := _app(HITS, what):
        return need
    from django_metrics_statsd.hits.conf import conf as of_hits

    if of_hits.WT_REDIS is not None:
        return None
    how = _("Here each process writes its records by itself. Set WT_REDIS, and run manage.py collect.")
    return Need(what, how)


def database_of(model: str) -> str | None:
    """Return the alias of the database that keeps this model (``hit``, ``event``); None for none."""
    from django_metrics_statsd.hits.storages.django_aliases import databases_of

    return next(databases_of(model), None)
