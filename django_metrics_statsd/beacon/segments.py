"""Tags for the stats of a beacon: each value is one of a few, and none is taken as the client gave it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve
from django.utils.translation import get_language_from_path, override

from django_metrics_statsd.beacon import agents
from django_metrics_statsd.beacon.beacons import Beacon
from django_metrics_statsd.beacon.plan import planned
from django_metrics_statsd.names import view_name
from django_metrics_statsd.safety import failed

_MAX_URL = 2_048
_COUNTRY = re.compile(r"[A-Z]{2}")
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
#: What path() routes have not, and regular expressions have.
_REGULAR = re.compile(r"[\\^$()\[\]?*+|]")


def tags_of(request: HttpRequest, beacon: Beacon) -> dict[str, str]:
    """Return the tags that ``STATSD_RECORD_SEGMENTS`` asks for."""
    return {name: _SEGMENTS[name](request, beacon) for name in planned.now.segments}


def all_but_device(request: HttpRequest, beacon: Beacon) -> dict[str, str]:
    """Return every segment, whatever the settings ask for, but the one that takes long to find out."""
    return {name: segment(request, beacon) for name, segment in _SEGMENTS.items() if name != "device"}


def _device(request: HttpRequest, beacon: Beacon) -> str:
    return agents.device(request.META.get("HTTP_USER_AGENT", ""))


def _connection(request: HttpRequest, beacon: Beacon) -> str:
    return beacon.connection


def _navigation(request: HttpRequest, beacon: Beacon) -> str:
    return beacon.navigation


def _country(request: HttpRequest, beacon: Beacon) -> str:
    source = planned.now.country
    try:
        found: Any = source(request) if callable(source) else request.META.get(source or "", "")
        code = str(found).upper()
    except Exception:  # the site's function, or a database that is not there
        failed("beacon.country")
        return "unknown"
    return code if _COUNTRY.fullmatch(code) else "unknown"


def _route(request: HttpRequest, beacon: Beacon) -> str:
    """Return the URL pattern that the page's path resolves to, ``unresolved`` for none."""
    page = beacon.page or request.META.get("HTTP_REFERER", "")
    try:
        path = unquote(urlsplit(page[:_MAX_URL]).path)
        prefix = get_script_prefix()
        if not path.startswith(prefix):
            return "unresolved"
        path = "/" + path.removeprefix(prefix)
        match = _resolve(path, getattr(request, "urlconf", None))
    except Exception:  # no such page, no such URL, or a converter of the site's that cannot take it
        return "unresolved"
    if _REGULAR.search(match.route):
        return ".".join(filter(None, view_name(match.func)))
    return _CONVERTER.sub(r"\1", match.route).strip("/") or "root"


def _resolve(path: str, urlconf: Any) -> ResolverMatch:
    try:
        return resolve(path, urlconf)
    except Resolver404:
        language = get_language_from_path(path)
        if language is None:
            raise
        with override(language):  # which i18n_patterns() match hangs on it, and the beacon's may be another
            return resolve(path, urlconf)


_SEGMENTS: dict[str, Callable[[HttpRequest, Beacon], str]] = {
    "device": _device,
    "connection": _connection,
    "route": _route,
    "country": _country,
    "navigation": _navigation,
}
