"""Who may ask, and who is told more than names and states."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from django_metrics_statsd.conf import debug
from django_metrics_statsd.health.conf import conf, tokens

#: Characters of an ``Authorization`` header that are looked at.
MAX_HEADER = 4_096
_ATTRIBUTE = "_metrics_health_trusted"


def has_token(request: HttpRequest) -> bool:
    """Whether the request has a token: in its ``Authorization`` header, else in its query string."""
    given = _header_token(request) or request.GET.get(conf.WATCHMAN_TOKEN_NAME, "")
    # All are compared, so that the time tells neither how much of one was right nor which one it was.
    matches = [constant_time_compare(given, token) for token in tokens()]
    return bool(given) and any(matches)


def _header_token(request: HttpRequest) -> str:
    """Return the token of ``Bearer TOKEN`` or of django-watchman's ``WATCHMAN-TOKEN Token="TOKEN"``."""
    header = str(request.META.get("HTTP_AUTHORIZATION", ""))[:MAX_HEADER]
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() not in {"bearer", "token", "watchman-token"}:
        return ""
    key, equals, value = rest.strip().partition("=")
    return (value if equals and key.strip().lower() == "token" else rest).strip().strip('"')


def trust(request: HttpRequest) -> None:
    """Remember that the site's own decorator let this request in."""
    request.__dict__[_ATTRIBUTE] = True


def is_trusted(request: HttpRequest) -> bool:
    """Whether errors, versions and figures may be told: to tokens, under DEBUG, past the site's own guard."""
    return debug() or request.__dict__.get(_ATTRIBUTE, False) or has_token(request)
