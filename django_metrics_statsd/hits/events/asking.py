"""What an event says of a request: method, path, who and from where. No headers, cookies or bodies."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from django_metrics_statsd.hits import requests
from django_metrics_statsd.hits.events.describing import username
from django_metrics_statsd.hits.making import Origin
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.requests import asks_for_privacy, path_of
from django_metrics_statsd.names import method_name
from django_metrics_statsd.users import loaded_user


def http_request(value: Any) -> HttpRequest | None:
    """Return Django's request: `value` itself, or what is in Django REST framework's; None for all else."""
    if not isinstance(value, HttpRequest):
        value = getattr(value, "_request", None)
    return value if isinstance(value, HttpRequest) else None


def method_and_path(request: HttpRequest | None) -> tuple[str, str]:
    """Return a request's method and its path without the query."""
    if request is None:
        return "", ""
    path = "" if "path" in planned.now.omitted else path_of(request)
    return method_name(request.method), path


def user_of_request(request: HttpRequest | None) -> str:
    """Return the name of the user that a request has loaded, unless it is not to be known."""
    if request is None or "user" in planned.now.omitted or _is_private(request):
        return ""
    return username(loaded_user(request))


def origin_of(request: HttpRequest | None) -> Origin | None:
    """Return where a request comes from, or None where that is not to be known."""
    if request is None or "ip" in planned.now.omitted or _is_private(request):
        return None
    return requests.origin_of(request.META)


def _is_private(request: HttpRequest) -> bool:
    return planned.now.signals is not None and asks_for_privacy(request)
