"""``manage.py check``: a wrong setting is named, with what is allowed and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_metrics_statsd import safety
from django_metrics_statsd.conf import (
    DEFAULT_CLIENT,
    Setting,
    all_settings,
    conf,
    names_in_settings,
    project_setting,
)

LABEL = "django_metrics_statsd"
Check = Callable[..., list[CheckMessage]]

_MIDDLEWARE = "django_metrics_statsd.middleware."
_TOOLBAR = "debug_toolbar.middleware."
_OTHER_STATSD_APPS = ("django_statsd", "django_metlog")


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every setting of ours has a value that it may have."""
    return [
        Error(problem, hint=hint, id=f"{LABEL}.E001") for _, problem, hint in wrong_values(all_settings())
    ]


def wrong_values(settings: Iterable[Setting[Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the problem and a hint for each setting whose value is not allowed."""
    for setting in settings:
        problem = setting.problem()
        if problem:
            hint = f"{setting.text} Kind: {setting.kind.label}. Default: {setting.default!r}."
            yield setting.name, problem, hint


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: no setting begins with ``STATSD_`` that nobody reads."""
    known = [setting.name for setting in all_settings()]
    ends = [name.removeprefix("STATSD_") for name in known]  # all begin alike, which is no likeness
    found: list[CheckMessage] = []
    for name in names_in_settings("STATSD_"):
        if name not in known:
            near = difflib.get_close_matches(name.removeprefix("STATSD_"), ends, 1, 0.5)
            hint = f"Did you mean STATSD_{near[0]}?" if near else f"Known are: {', '.join(known)}."
            found.append(Warning(f"{name} is not a setting of this package.", hint=hint, id=f"{LABEL}.W001"))
    return found


def check_clients(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E002: every client that ``STATSD_CLIENT`` names can be had, and can send to where it should."""
    from django_metrics_statsd.clients import build
    from django_metrics_statsd.clients.loading import client_class

    found: list[CheckMessage] = []
    for path in conf.STATSD_CLIENT:
        try:
            problem = build.problem(client_class(path))
        except (ImproperlyConfigured, ImportError) as error:
            problem = str(error)
        if problem:
            hint = f"Stats go nowhere until this is mended. The default is {DEFAULT_CLIENT!r}."
            found.append(Error(problem, hint=hint, id=f"{LABEL}.E002"))
    return found


def check_patches(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: every patch that the settings ask for can be had."""
    from django_metrics_statsd.patches.base import find_patch, wanted_patches

    found: list[CheckMessage] = []
    for path in wanted_patches():
        try:
            find_patch(path)
        except (ImportError, AttributeError) as error:
            hint = (
                "Write django_metrics_statsd.patches.db, .cache, or a module of yours with an object `patch`."
            )
            found.append(Error(f"STATSD_PATCHES names {path!r}: {error}", hint=hint, id=f"{LABEL}.E003"))
    return found


def check_metlog(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E004: there is a ``METLOG`` for the metlog client to write to."""
    if "django_metrics_statsd.clients.metlog" not in {_module(path) for path in conf.STATSD_CLIENT}:
        return []
    from django_metrics_statsd.clients.metlog import problem

    message = problem()
    hint = "Or take another STATSD_CLIENT; until then its stats are dropped."
    return [Error(message, hint=hint, id=f"{LABEL}.E004")] if message else []


def check_guards(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E005: every guard that ``STATSD_RECORD_GUARD`` names can be had."""
    found: list[CheckMessage] = []
    for guard in conf.STATSD_RECORD_GUARD:
        problem = _problem_of_guard(guard)
        if problem:
            hint = (
                "Until this is mended no beacon is let in. Guards are in django_metrics_statsd.beacon.guards."
            )
            found.append(
                Error(f"STATSD_RECORD_GUARD names {guard!r}: {problem}", hint=hint, id=f"{LABEL}.E005")
            )
    return found


def _problem_of_guard(guard: Any) -> str:
    try:
        loaded = import_string(guard) if isinstance(guard, str) else guard
    except Exception as error:  # whatever importing a module of the site's may raise
        return str(error)
    return "" if callable(loaded) else "it is no function of the request"


def check_beacon(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W006: segments and guards of the beacon have what they need."""
    from django_metrics_statsd.beacon.needs import problems

    return [Warning(problem, hint=hint, id=f"{LABEL}.W006") for problem, hint in problems()]


def _module(path: str) -> str:
    return path.removesuffix(".StatsClient")


def check_middleware_order(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W002: no middleware that answers requests itself stands before ours."""
    middleware = list(project_setting("MIDDLEWARE") or [])
    ours = [position for position, path in enumerate(middleware) if path.startswith(_MIDDLEWARE)]
    before = [path for path in middleware[: max(ours, default=0)] if _loses_numbers(path)]
    if not before:
        return []
    message = (
        f"MIDDLEWARE has {before[0]} before {middleware[max(ours)]}; what it answers itself is not counted."
    )
    hint = "Put the middlewares of django_metrics_statsd first, after the debug toolbar's if that is there."
    return [Warning(message, hint=hint, id=f"{LABEL}.W002")]


def _loses_numbers(path: str) -> bool:
    return not path.startswith((_MIDDLEWARE, _TOOLBAR, "django_metrics_statsd."))


def check_others(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003: nobody else measures the same with StatsD, so that nothing is counted twice."""
    paths = [*(config.name for config in apps.get_app_configs()), *(project_setting("MIDDLEWARE") or [])]
    others = sorted({path for path in paths if path.partition(".")[0] in _OTHER_STATSD_APPS})
    others += sorted(_foreign_patches())
    if not others:
        return []
    message = f"Something else measures this site for StatsD too: {', '.join(others)}."
    hint = "Remove it from INSTALLED_APPS, MIDDLEWARE and its own settings, or everything is counted twice."
    return [Warning(message, hint=hint, id=f"{LABEL}.W003")]


def _foreign_patches() -> Iterator[str]:
    """Yield the modules, of packages known to send StatsD, whose functions replace Django's."""
    for module, owner in (
        ("django.db.backends.utils", "CursorWrapper"),
        ("django.core.cache", "CacheHandler"),
    ):
        for function in vars(getattr(import_module(module), owner)).values():
            origin = str(getattr(getattr(function, "__code__", None), "co_filename", ""))
            if any(f"/{package}/" in origin for package in _OTHER_STATSD_APPS):
                yield f"{owner}.{function.__name__} of {origin}"


def check_faults(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W004: nothing of ours has failed in this process so far."""
    if not safety.faults:
        return []
    counts = ", ".join(f"{where}: {count}" for where, count in sorted(safety.faults.items()))
    hint = "The log of django_metrics_statsd has the first traceback of each."
    return [Warning(f"Something failed and was passed over: {counts}.", hint=hint, id=f"{LABEL}.W004")]


def check_drops(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W005: this process has not dropped stats so far."""
    from django_metrics_statsd.clients.handle import statsd

    dropped = statsd.telemetry()["dropped"] if statsd.made else {}
    if not dropped:
        return []
    counts = ", ".join(f"{count} for {reason}" for reason, count in sorted(dropped.items()))
    hint = f"Stats go to {statsd.destination}. The page 'When things go wrong' explains each reason."
    return [Warning(f"Stats were dropped: {counts}.", hint=hint, id=f"{LABEL}.W005")]


CHECKS: tuple[Check, ...] = (
    check_values,
    check_names,
    check_clients,
    check_patches,
    check_metlog,
    check_guards,
    check_middleware_order,
    check_others,
    check_faults,
    check_drops,
    check_beacon,
)
