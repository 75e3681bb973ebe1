"""``manage.py check`` for health: a wrong setting is named, with what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.module_loading import import_string

from django_metrics_statsd.checks import wrong_values
from django_metrics_statsd.conf import names_in_settings, project_setting
from django_metrics_statsd.health.conf import PREFIXES, SECRET, all_settings, conf, tokens
from django_metrics_statsd.health.decorators import is_open
from django_metrics_statsd.health.loading import Broken, full_path, loaded

LABEL = "metrics_health"
MIDDLEWARE = "django_metrics_statsd.health.middleware.ProbeMiddleware"
#: Characters below which a token can be guessed.
SHORTEST = 16
_URLS = 10_000
Check = Callable[..., list[CheckMessage]]


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")
    for check in DEPLOY_CHECKS:
        register(check, Tags.security, deploy=True)


def _error(number: int, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"{LABEL}.E{number:03}")


def _warning(number: int, message: str, hint: str) -> Warning:
    return Warning(message, hint=hint, id=f"{LABEL}.W{number:03}")


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every setting of the health checks has a value that it may have."""
    return [
        _error(1, _without_secrets(name, problem), hint)
        for name, problem, hint in wrong_values(all_settings())
    ]


def _without_secrets(name: str, problem: str) -> str:
    return f"{name} {problem.rpartition(', but it ')[2]}" if name in SECRET else problem


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: no setting begins with ``WATCHMAN_`` that nobody reads."""
    known = [setting.name for setting in all_settings()]
    found: list[CheckMessage] = []
    for name in names_in_settings(PREFIXES[0]):
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.7)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            found.append(_warning(1, f"{name} is not a setting of this package.", hint))
    return found


def check_checks(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E002: every check that the settings name can be had."""
    named = {each for group in (loaded.now.all, *loaded.now.groups.values()) for each in group}
    hint = "It counts as failed until this is mended. Write the path of a function, a class or a short name."
    return [
        _error(2, f"The check {each.path!r} cannot be had: {each.check.error}", hint)
        for each in sorted(named, key=lambda each: each.path)
        if isinstance(each.check, Broken)
    ]


def check_check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W005: no two checks have one name."""
    return [
        _warning(
            5,
            f"Two checks are called {old!r}; one is reported as {new!r}.",
            f'Give it a name of its own: ("{old}", {{"name": "…"}}).',
        )
        for old, new in loaded.now.renamed
    ]


def check_decorator(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: the decorator of ``WATCHMAN_AUTH_DECORATOR`` can be had."""
    decorator = conf.WATCHMAN_AUTH_DECORATOR
    if not isinstance(decorator, str):
        return []
    try:
        import_string(full_path(decorator))
    except ImportError as error:
        message = f"WATCHMAN_AUTH_DECORATOR is {decorator!r}, which cannot be had: {error}"
        return [_error(3, message, "Until this is mended nobody is let in.")]
    return []


def check_probes(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E004, W002: probes have groups, and their middleware stands before what would refuse them."""
    middleware = list(project_setting("MIDDLEWARE") or [])
    if MIDDLEWARE not in middleware:
        return []
    return [*_groups(), *_order(middleware)]


def _groups() -> Iterator[CheckMessage]:
    groups = loaded.now.groups
    for path, group in conf.WATCHMAN_PROBES.items():
        if group not in groups:
            message = f"WATCHMAN_PROBES has the group {group!r} for {path}, and there is none."
            yield _error(
                4, message, f"Groups are: {', '.join(sorted(groups))}; add yours to WATCHMAN_GROUPS."
            )


def _order(middleware: list[str]) -> Iterator[CheckMessage]:
    before = middleware[: middleware.index(MIDDLEWARE)]
    if before:
        message = f"MIDDLEWARE has {before[0]} before {MIDDLEWARE}, so it sees probes, and may refuse them."
        yield _warning(2, message, f"Put {MIDDLEWARE} first.")


def check_open_status(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003: in production, not everybody can have the full status."""
    if not is_open() or not _is_mounted():
        return []
    message = "Everybody can ask for the status of all services: there is no token, and no other protection."
    hint = (
        "Set WATCHMAN_TOKENS, or WATCHMAN_AUTH_DECORATOR to something like "
        "'django.contrib.admin.views.decorators.staff_member_required'. Load balancers can ask ready/ or "
        "ProbeMiddleware instead."
    )
    return [_warning(3, message, hint)]


def check_tokens(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W004: in production, tokens cannot be guessed."""
    if all(len(token) >= SHORTEST for token in tokens()):
        return []
    hint = "python -c 'import secrets; print(secrets.token_urlsafe())' makes a good one."
    return [_warning(4, f"A token of WATCHMAN_TOKENS is shorter than {SHORTEST} characters.", hint)]


def _is_mounted() -> bool:
    from django_metrics_statsd.health import views

    ours = {views.status, views.dashboard}
    return any(
        callback in ours for callback, _ in zip(_callbacks(get_resolver()), range(_URLS), strict=False)
    )


def _callbacks(resolver: URLResolver) -> Iterator[Any]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.callback
        else:
            yield from _callbacks(pattern)


CHECKS: tuple[Check, ...] = (
    check_values,
    check_names,
    check_checks,
    check_check_names,
    check_decorator,
    check_probes,
)
DEPLOY_CHECKS: tuple[Check, ...] = (check_open_status, check_tokens)
