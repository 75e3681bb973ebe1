"""``manage.py check`` for the dashboard: a wrong setting is named, with what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004

from django_metrics_statsd import safety
from django_metrics_statsd.checks import wrong_values
from django_metrics_statsd.conf import names_in_settings, project_setting
from django_metrics_statsd.dashboard.conf import PREFIX, all_settings, conf
from django_metrics_statsd.dashboard.live.messenger import EXTRA
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool

LABEL = "metrics_dashboard"
Check = Callable[..., list[CheckMessage]]


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every setting of the dashboard has a value that it may have."""
    return [
        Error(_without_secrets(name, problem), hint=hint, id=f"{LABEL}.E001")
        for name, problem, hint in wrong_values(all_settings())
    ]


def _without_secrets(name: str, problem: str) -> str:
    """Leave the value out where it may hold a password."""
    return f"{name} {problem.rpartition(', but it ')[2]}" if name == "DASHBOARD_MESSENGER_URL" else problem


def check_redis(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E002: where ``DASHBOARD_MESSENGER_URL`` is set, the client for it is installed."""
    if conf.DASHBOARD_MESSENGER_URL is None or find_spec("redis") is not None:
        return []
    message = "DASHBOARD_MESSENGER_URL is set, but the redis library is not installed."
    return [Error(message, hint=f"{EXTRA}, or unset it.", id=f"{LABEL}.E002")]


def check_auth(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003, E004: who looks can be known, where only some may look."""
    if not apps.is_installed("django.contrib.auth"):
        message = "django.contrib.auth is not in INSTALLED_APPS; the order of tiles is kept for its users."
        hint = "Add 'django.contrib.auth' and 'django.contrib.contenttypes', and run manage.py migrate."
        return [Error(message, hint=hint, id=f"{LABEL}.E003")]
    middleware = [str(path) for path in project_setting("MIDDLEWARE") or []]
    if conf.DASHBOARD_REQUIRE_LOGIN and not any("auth" in path.lower() for path in middleware):
        message = "DASHBOARD_REQUIRE_LOGIN is True, but MIDDLEWARE has nothing that says who is logged in."
        hint = (
            "Add 'django.contrib.sessions.middleware.SessionMiddleware' and "
            "'django.contrib.auth.middleware.AuthenticationMiddleware'. Until then nobody sees the dashboard."
        )
        return [Error(message, hint=hint, id=f"{LABEL}.E004")]
    return []


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: no setting that begins with ``DASHBOARD_`` looks like a misspelt one of ours."""
    known = [setting.name for setting in all_settings()]
    ends = [name.removeprefix(PREFIX) for name in known]
    found: list[CheckMessage] = []
    for name in names_in_settings(PREFIX):
        near = difflib.get_close_matches(name.removeprefix(PREFIX), ends, 1, 0.7)
        if name not in known and near:
            message = f"{name} is not a setting of this package."
            found.append(Warning(message, hint=f"Did you mean {PREFIX}{near[0]}?", id=f"{LABEL}.W001"))
    return found


def check_modules(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W002: the ``dashboard_widgets`` of every app could be imported."""
    dashboard_widget_pool.discover_widgets()
    begin = "dashboard.discover."
    failed = [where.removeprefix(begin) for where in safety.faults if where.startswith(begin)]
    hint = "Its widgets are not on the dashboard. The log of django_metrics_statsd has the traceback."
    return [Warning(f"{path} could not be imported.", hint=hint, id=f"{LABEL}.W002") for path in failed]


CHECKS: tuple[Check, ...] = (check_values, check_redis, check_auth, check_names, check_modules)
