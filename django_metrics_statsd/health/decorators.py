"""``check`` for functions that check something, and the decorators that protect views."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, cast

from django.http import HttpRequest, HttpResponseBase, HttpResponseForbidden
from django.utils.module_loading import import_string
from django.views.decorators.csrf import csrf_exempt

from django_metrics_statsd.health.access import has_token, trust
from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.conf import PREFIXES, TOKEN_REQUIRED, conf, tokens, wrong_guards
from django_metrics_statsd.health.loading import full_path
from django_metrics_statsd.health.reading import shorten
from django_metrics_statsd.health.running import Finding
from django_metrics_statsd.health.secrecy import scrub
from django_metrics_statsd.plan import Compiled
from django_metrics_statsd.safety import failed

View = Callable[..., Any]


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what a check raises into ``{"ok": False, "error": …, "stacktrace": …}``, as django-watchman does.

    With an argument, that is put under the argument: ``{"default": {"ok": False, …}}``. For functions and
    coroutine functions.
    """
    if iscoroutinefunction(function):

        @wraps(function)
        async def achecked(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except Exception as error:
                return _status(error, args)

        return achecked

    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return _status(error, args)

    return checked


def _status(error: Exception, args: tuple[Any, ...]) -> dict[str, Any]:
    if args and isinstance(args[0], Check):
        raise error  # of a method `run`, which says more than what it could return
    if isinstance(error, Finding):
        said = {"state": str(error.state), "error": shorten(str(error.message)), **error.details}
        status = {"ok": error.state.good, **said}
    else:
        status = {"ok": False, "error": shorten(str(error)), "stacktrace": scrub(traceback.format_exc())}
    return {str(args[0]): status} if args else status


def token_required(view: View) -> View:
    """Let in requests that have one of the tokens; where the settings have no token, let in all.

    Others get 403, and so does everybody where a setting that says who may has a wrong value. The token is
    taken from ``Authorization: Bearer …`` (or django-watchman's form of it) or from the query string, under
    ``WATCHMAN_TOKEN_NAME``.
    """
    if iscoroutinefunction(view):

        @csrf_exempt
        @wraps(view)
        async def aprotected(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return await view(request, *args, **kwargs) if _may(request) else HttpResponseForbidden()

        return aprotected

    @csrf_exempt
    @wraps(view)
    def protected(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return view(request, *args, **kwargs) if _may(request) else HttpResponseForbidden()

    return protected


def _may(request: HttpRequest) -> bool:
    return has_token(request) or not (tokens() or wrong_guards())


def auth(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Protect a view with what ``WATCHMAN_AUTH_DECORATOR`` names, as the setting is when a request comes."""

    @csrf_exempt
    @wraps(view)
    def protected(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        decorated = _decorated.now
        if view not in decorated:
            decorated[view] = _decorate(view)
        return cast("HttpResponseBase", decorated[view](request, *args, **kwargs))

    return protected


def is_open() -> bool:
    """Whether the settings let everybody have the status: no token, and no decorator that asks for more."""
    decorator = conf.WATCHMAN_AUTH_DECORATOR
    if isinstance(decorator, str):
        decorator = token_required if full_path(decorator) == TOKEN_REQUIRED else decorator
    return decorator is None or (decorator is token_required and not (tokens() or wrong_guards()))


_decorated: Compiled[dict[View, View]] = Compiled(dict, *PREFIXES)


def _decorate(view: View) -> View:
    decorator = conf.WATCHMAN_AUTH_DECORATOR
    if decorator is None:
        return view
    if isinstance(decorator, str):
        try:
            decorator = cast("View", import_string(full_path(decorator)))
        except ImportError:
            failed("health.auth")
            return _closed
    if decorator is token_required:
        return token_required(view)
    return cast("View", decorator(_trusting(view)))


def _trusting(view: View) -> View:
    @wraps(view)
    def trusted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        trust(request)
        return view(request, *args, **kwargs)

    return trusted


def _closed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseForbidden:
    """Stand in for a decorator that cannot be imported: nobody gets in."""
    return HttpResponseForbidden()
