"""``manage.py check`` for hits and events: a wrong setting is named, with what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.checks import wrong_values
from django_metrics_statsd.conf import conf as core
from django_metrics_statsd.conf import names_in_settings, project_setting
from django_metrics_statsd.hits.conf import all_settings, conf

LABEL = "metrics_hits"
MIDDLEWARE = "django_metrics_statsd.hits.middleware.HitsMiddleware"
ROUTER = "django_metrics_statsd.hits.router.HitsRouter"
DB_PATCH = "django_metrics_statsd.patches.db"
EXTRA = "pip install 'django-metrics-statsd[hits]'"
#: Settings of django-watchtower and django-mqueue that nobody needs any more, and why.
GONE = {
    "WT_COLLECTOR": "unset WT_REDIS to have each process write to the storages itself",
    "WT_SEPARATOR": "records are packed with msgpack",
    "WT_VERBOSITY": "manage.py collect has -v",
    "MQUEUE_API_MAX_EVENTS": "there is no API; see the admin and Event.objects",
    "MQUEUE_EVENT_CLASSES": "the admin shows the class as text",
    "MQUEUE_EVENT_ICONS_HTML": "the admin shows the class as text",
    "MQUEUE_EVENT_EXTRA_HTML": "the admin shows the class as text",
}
Check = Callable[..., list[CheckMessage]]


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")


def _error(number: int, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"{LABEL}.E{number:03}")


def _warning(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"{LABEL}.W{number:03}")


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every setting of the hits has a value that it may have."""
    return [
        _error(1, _without_secrets(name, problem), hint)
        for name, problem, hint in wrong_values(all_settings())
    ]


def _without_secrets(name: str, problem: str) -> str:
    """Leave the value out where it may hold a password."""
    if name in {"WT_REDIS", "WT_DATABASES", "MQUEUE_HOOKS"}:
        return f"{name} {problem.rpartition(', but it ')[2]}"
    return problem


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: no setting begins with ``WT_`` or ``MQUEUE_`` that nobody reads."""
    known = [setting.name for setting in all_settings()]
    found: list[CheckMessage] = []
    for name in [*names_in_settings("WT_"), *names_in_settings("MQUEUE_")]:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.7)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            reason = (
                f"is not needed any more: {GONE[name]}."
                if name in GONE
                else "is not a setting of this package."
            )
            found.append(_warning(1, f"{name} {reason}", "Remove it." if name in GONE else hint))
    return found


def check_storages(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E002: every storage of ``WT_DATABASES`` can be had, and its options make sense."""
    from django_metrics_statsd.hits.storages.loading import storage_class

    found: list[CheckMessage] = []
    for alias, options in conf.WT_DATABASES.items():
        try:
            problems = list(storage_class(str(options["type"])).problems(alias, options))
        except ImproperlyConfigured as error:
            problems = [(str(error), "Nothing is kept there until this is mended.")]
        prefix = f"WT_DATABASES[{alias!r}]: "
        found += [_error(2, prefix + message.removeprefix(prefix), hint) for message, hint in problems]
    return found


def check_redis(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: where ``WT_REDIS`` is set, the client for it is installed."""
    if conf.WT_REDIS is None:
        return []
    try:
        from django_metrics_statsd.hits.transports import redis as _  # noqa: F401
    except ImportError as error:
        return [
            _error(
                3, f"WT_REDIS is set, but its client cannot be had: {error}.", f"{EXTRA}, or unset WT_REDIS."
            )
        ]
    return []


def check_geo(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E004, W002: there is a GeoIP database at ``GEOIP_PATH``."""
    from django_metrics_statsd.hits.enrichment import geo

    return [
        *(_error(4, message, hint) for message, hint in geo.problems()),
        *(_warning(2, message, hint) for message, hint in geo.gaps()),
    ]


def check_events(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E005, W007: models of ``MQUEUE_AUTOREGISTER`` and modules of ``MQUEUE_HOOKS`` can be had."""
    from django_metrics_statsd.hits.events import connecting

    return [
        *(_error(5, message, hint) for message, hint in connecting.problems()),
        *(_warning(7, message, hint) for message, hint in connecting.remarks()),
    ]


def check_middleware(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003, W004: the middleware stands where it sees everything, and queries are counted for it."""
    middleware = list(project_setting("MIDDLEWARE") or [])
    if MIDDLEWARE not in middleware:
        return []
    return [*_order(middleware), *_patch()]


def _order(middleware: list[str]) -> Iterator[CheckMessage]:
    before = [path for path in middleware[: middleware.index(MIDDLEWARE)] if not path.startswith(_FIRST)]
    if before:
        message = f"MIDDLEWARE has {before[0]} before {MIDDLEWARE}; what it answers itself is not recorded."
        hint = (
            "Put the middlewares of django_metrics_statsd first, after the debug toolbar's if that is there."
        )
        yield _warning(3, message, hint)


_FIRST = ("django_metrics_statsd.", "debug_toolbar.")


def _patch() -> Iterator[CheckMessage]:
    if DB_PATCH not in core.STATSD_PATCHES:
        message = "num_queries and queries_time of hits stay 0: nobody counts queries."
        yield _warning(4, message, f"Add {DB_PATCH!r} to STATSD_PATCHES.")


def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W005, W008: tables are made where they are needed, and rows are looked for where they are kept."""
    from django_metrics_statsd.hits import router

    return [
        *(_warning(5, message, hint) for message, hint in _tables()),
        *(_warning(8, message, hint) for message, hint in router.gaps()),
    ]


def _tables() -> Iterator[tuple[str, str]]:
    from django.db import router

    from django_metrics_statsd.hits.pruning import MODELS
    from django_metrics_statsd.hits.storages.django_aliases import databases_of

    for model in MODELS:
        name = str(model._meta.model_name)
        for database in databases_of(name):
            if not router.allow_migrate(database, LABEL, model_name=name):
                what = model._meta.verbose_name_plural
                yield (
                    f"WT_DATABASES keeps {what} in {database!r}, but DATABASE_ROUTERS allow no tables there.",
                    f"Add {ROUTER!r} to DATABASE_ROUTERS, then run manage.py migrate --database {database}.",
                )


def check_drops(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W006: this process has dropped no record so far."""
    from django_metrics_statsd.hits.road import road

    if not road.counts.dropped:
        return []
    counts = ", ".join(f"{reason}: {count}" for reason, count in sorted(road.counts.dropped.items()))
    hint = "See the reasons in the docs, and the log of django_metrics_statsd."
    return [_warning(6, f"Records were dropped: {counts}.", hint)]


CHECKS: tuple[Check, ...] = (
    check_values,
    check_names,
    check_storages,
    check_redis,
    check_geo,
    check_events,
    check_middleware,
    check_database,
    check_drops,
)
