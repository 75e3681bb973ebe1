"""``MQUEUE_WATCH``: logins, logouts and failed logins, as Django's signals tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal

from django_metrics_statsd.hits.events.api import record_event
from django_metrics_statsd.hits.events.describing import name_of, opened, username
from django_metrics_statsd.hits.events.plain import text
from django_metrics_statsd.hits.records import NAME
from django_metrics_statsd.safety import failed

#: The name of a failed login's event; its class is ``Warning``, as django-mqueue had it.
FAILED = "Login failed"
_UID = "metrics_hits.watchers"


def _logged_in(sender: Any, user: Any = None, request: Any = None, **kwargs: Any) -> None:
    _guarded(_tell, user, request, "login")


def _logged_out(sender: Any, user: Any = None, request: Any = None, **kwargs: Any) -> None:
    _guarded(_tell, user, request, "logout")  # without a user, nobody was logged in


def _login_failed(sender: Any, credentials: Any = None, request: Any = None, **kwargs: Any) -> None:
    _guarded(_tell_failure, credentials, request)


def _guarded(function: Callable[..., None], *args: Any) -> None:
    try:
        function(*args)
    except Exception:
        failed("hits.watchers")


def _tell(user: Any, request: Any, what: str) -> None:
    user = opened(user, request)
    if user is not None:
        name = name_of(user, username(user))
        record_event(name, f"{type(user).__name__} {what}", user=user, instance=user, request=request)


def _tell_failure(credentials: Any, request: Any) -> None:
    """Tell who it was said to be, and nothing else of the credentials."""
    record_event(FAILED, "Warning", _tried(credentials), user="", request=request)


def _tried(credentials: Any) -> dict[str, str]:
    given = credentials if isinstance(credentials, Mapping) else {}
    name = given.get("username", given.get(get_user_model().USERNAME_FIELD))
    return {"username": text(name, NAME)}


WATCHERS: dict[str, tuple[Signal, Any]] = {
    "login": (user_logged_in, _logged_in),
    "logout": (user_logged_out, _logged_out),
    "login_failed": (user_login_failed, _login_failed),
}


def connect(name: str) -> None:
    """Begin to watch one of `WATCHERS`."""
    signal, receiver = WATCHERS[name]
    signal.connect(receiver, weak=False, dispatch_uid=_UID)


def disconnect(name: str) -> None:
    """Watch it no longer."""
    WATCHERS[name][0].disconnect(dispatch_uid=_UID)
