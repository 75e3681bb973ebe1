"""What an event says of an instance and of a user: as much as is known without a query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import LazyObject, empty

from django_metrics_statsd.hits.events.plain import text
from django_metrics_statsd.hits.events.quiet import no_queries
from django_metrics_statsd.hits.records import NAME, PATH
from django_metrics_statsd.users import loaded_user

#: Characters of an instance's own name in an event's.
_SHORT = 45
#: Attributes in which an instance has its user, and the time of its making, as django-mqueue looked for them.
_USERS = ("user", "editor")
_TIMES = ("date_posted", "created")
_NAMES = ("name", "title", "slug")
_URLS = ("get_event_object_url", "get_absolute_url")


def label_of(model: Any) -> str:
    """Return ``app.Model`` for a model, an instance or such a label; for anything else its class."""
    if isinstance(model, str):
        return text(model, NAME)
    options = getattr(model, "_meta", None)
    kind = model if isinstance(model, type) else type(model)
    return text(kind.__name__ if options is None else options.label, NAME)


def pk_of(instance: Any) -> str:
    """Return an instance's primary key as text; "" where it has none."""
    return text(_attribute(instance, "pk"), NAME)


def username(user: Any, request: HttpRequest | None = None) -> str:
    """Return the name of a user, or of what stands for one; "" for nobody and for whom is not loaded."""
    user = opened(user, request)
    if user is None or isinstance(user, str):
        return text(user, NAME)
    if _attribute(user, "is_anonymous") is True:
        return ""
    ask = _attribute(user, "get_username")
    with no_queries():
        return _or_empty(ask, NAME) if callable(ask) else text(user, NAME)


def opened(value: Any, request: HttpRequest | None = None) -> Any:
    """Return what is in a lazy object, or None if nobody has looked at it yet; anything else as it is.

    Of a lazy ``request.user`` that ``auser()`` has loaded, `request` tells.
    """
    if not isinstance(value, LazyObject):
        return value
    wrapped = value.__dict__.get("_wrapped", empty)
    if wrapped is not empty:
        return wrapped
    return loaded_user(request) if request is not None and request.__dict__.get("user") is value else None


def _or_empty(ask: Callable[[], Any], limit: int) -> str:
    """Return what the site's code answers, or "" where it fails, as it does where it needs a query."""
    try:
        return text(ask(), limit)
    except Exception:
        return ""


def _attribute(instance: Any, name: str) -> Any:
    try:
        return getattr(instance, name, None)
    except Exception:  # a property, or a relation that is not loaded
        return None


def _plain_attribute(instance: Any, name: str) -> str:
    value = _attribute(instance, name)
    return "" if callable(value) else text(value, NAME)


def user_of(instance: Any) -> str:
    """Return the name of the user in ``instance.user`` or ``instance.editor``, if it is loaded."""
    with no_queries():
        found = (username(_attribute(instance, name)) for name in _USERS)
        return next(filter(None, found), "")


def name_of(instance: Any, user: str = "") -> str:
    """Return what an event calls an instance, as django-mqueue did.

    That is its ``str()``, cut; for a model with ``date_posted`` or ``created`` the model's name and that
    time; and the user in brackets.
    """
    with no_queries():
        time = next(filter(None, (_plain_attribute(instance, name) for name in _TIMES)), "")
        name = f"{type(instance).__name__} - {time}" if time else _own_name(instance)
    return text(f"{name} ({user})" if user else name, NAME)


def _own_name(instance: Any) -> str:
    """Return its ``str()``, or where that fails, as where it needs a query, what else it is called."""
    name = _or_empty(lambda: str(instance), NAME)
    name = name or next(filter(None, (_plain_attribute(instance, each) for each in _NAMES)), "")
    name = name or f"{type(instance).__name__} {pk_of(instance)}"
    return name if len(name) <= _SHORT else name[:_SHORT] + "..."


def url_of(instance: Any) -> str:
    """Return what ``get_event_object_url()`` gives or, without such a method, ``get_absolute_url()``."""
    for name in _URLS:
        ask = getattr(type(instance), name, None)
        if callable(ask):
            with no_queries():
                return _or_empty(getattr(instance, name), PATH)
    return ""


def admin_url_of(instance: Any) -> str:
    """Return the URL of the admin's page for an instance, or "" where the admin has none."""
    options, key = getattr(instance, "_meta", None), pk_of(instance)
    if options is None or not key:
        return ""
    from django.contrib.admin.utils import quote  # not while LOGGING is read

    page = f"admin:{options.app_label}_{options.model_name}_change"
    return _or_empty(lambda: reverse(page, args=[quote(key)]), PATH)
