"""What a hit and an event take from a request alike, and what they leave there."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest

from django_metrics_statsd.hits.making import Origin
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import PATH

#: Parts of a URL that are left out of its path, by the names under which patterns capture them.
SECRETS = frozenset({"token", "uidb64", "key", "activation_key", "secret", "password", "signature"})
MASK = "***"


def asks_for_privacy(request: HttpRequest) -> bool:
    """Whether the browser sends ``DNT: 1`` or ``Sec-GPC: 1``."""
    meta = request.META
    return meta.get("HTTP_SEC_GPC") == "1" or meta.get("HTTP_DNT") == "1"


def path_of(request: HttpRequest) -> str:
    """Return the path, without the query and without the parts that give access to something."""
    match = request.resolver_match
    if match is None or not match.kwargs or SECRETS.isdisjoint(match.kwargs):
        return request.path_info
    return masked(request.path_info, match.kwargs)


def masked(path: str, captured: dict[str, Any]) -> str:
    """Return the path with `MASK` for what was captured under one of the names of `SECRETS`.

    Where that is a whole part between slashes, only such parts are replaced: a key may be as short as ``1``.
    """
    for name in sorted(SECRETS & captured.keys()):
        value = re.escape(str(captured[name]))
        if value:
            path, found = re.subn(f"(?<=/){value}(?=/|$)", MASK, path)
            path = path if found else re.sub(value, MASK, path)
    return path


def origin_of(meta: dict[str, Any]) -> Origin:
    """Return where a request comes from; what proxies said only where some are trusted."""
    remote = meta.get("REMOTE_ADDR", "")
    if not planned.now.trusted:
        return remote, "", ""
    # What the nearest proxies said stands at the end.
    return remote, meta.get("HTTP_FORWARDED", "")[-PATH:], meta.get("HTTP_X_FORWARDED_FOR", "")[-PATH:]
