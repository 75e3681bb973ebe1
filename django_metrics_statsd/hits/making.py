"""From what a request left behind to its record. In the thread of the road, never in a request."""

from __future__ import annotations

from collections.abc import Callable
from http.client import responses
from typing import Any
from urllib.parse import urlsplit

from django_metrics_statsd.hits.addresses import anonymise, client_address
from django_metrics_statsd.hits.conf import address_key
from django_metrics_statsd.hits.ids import microseconds, moment
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import AGENT, LARGEST, NAME, PATH, HitRecord
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.names import action_name, method_name, view_name

#: Remote address, Forwarded, X-Forwarded-For: what the client's address is made of.
Origin = tuple[str, str, str]

_MAX_VIEWS = 2_048
_views: dict[tuple[Any, str], tuple[str, str]] = {}


def make_hit(
    ended: int,
    ms: float,
    method: str | None,
    path: str,
    view: Callable[..., Any] | None,
    route: str,
    status: int,
    reason: str | None,
    size: int,
    queries: int,
    query_ms: float,
    origin: Origin | None,
    agent: str,
    referer: str,
    user: tuple[str, bool, bool] | None,
) -> HitRecord:
    """Return the record of one request.

    Args:
        ended: nanoseconds after 1970 when it ended.
        ms: how long it took.
        view, route: what its URL resolved to, if anything.
        reason: the response's reason phrase, None for the usual one.
        origin: where it comes from; None where that is not to be known.
        user: name, and whether staff and superuser; None for nobody.
    """
    plan = planned.now
    method = method_name(method)
    module, name = _name(view, method) if view is not None else ("", "")
    identity = road.ids(ended // 1_000 - int(ms * 1_000))
    hit = HitRecord(
        id=identity,
        time=moment(microseconds(identity)),
        site=plan.site,
        method=method,
        path=clean(path, PATH),
        route=clean(route, NAME),
        module=module,
        view=name,
        status_code=status if 0 <= status <= 999 else 0,
        reason_phrase=responses.get(status, "") if reason is None else clean(reason, NAME),
        request_time=round(ms, 3),
        doc_size=0 if method == "HEAD" else max(0, min(size, LARGEST)),
        num_queries=queries,
        queries_time=round(query_ms, 3),
        ip=address_of(origin) if origin is not None else "",
        user_agent=clean(agent, AGENT),
        referer=_without_query(referer),
        user=clean(user[0], NAME) if user else "",
        is_authenticated=user is not None,
        is_staff=user is not None and user[1],
        is_superuser=user is not None and user[2],
    )
    for field in plan.omitted:
        setattr(hit, field, _EMPTY[field])
    return hit


_EMPTY: dict[str, Any] = {
    "user": "",
    "ip": "",
    "user_agent": "",
    "referer": "",
    "path": "",
    "is_authenticated": False,
    "is_staff": False,
    "is_superuser": False,
}


def clean(text: Any, limit: int) -> str:
    """Return `text` cut to `limit` characters, without what UTF-8 and databases cannot hold."""
    cut = str(text)[:limit]
    if cut.isascii() and "\0" not in cut:
        return cut
    return cut.replace("\0", "�").encode("utf-8", "replace").decode()


def _name(view: Callable[..., Any], method: str) -> tuple[str, str]:
    """Return a view's module and name, remembered."""
    try:
        return _views[view, method]
    except KeyError:
        if len(_views) >= _MAX_VIEWS:
            _views.clear()
        names = _views[view, method] = _find_name(view, method)
        return names
    except TypeError:  # a view that cannot be hashed
        return _find_name(view, method)


def _find_name(view: Callable[..., Any], method: str) -> tuple[str, str]:
    module, name = view_name(view)
    action = action_name(view, method)
    return clean(module, NAME), clean(f"{name}.{action}" if action else name, NAME)


def address_of(origin: Origin) -> str:
    """Return the client's address, made as little personal as ``WT_ANONYMIZE_IP`` wants it."""
    plan = planned.now
    address = client_address(*origin, plan.trusted)
    return anonymise(address, plan.anonymise, address_key()) if plan.anonymise else address


def _without_query(referer: str) -> str:
    """Leave out what follows the path: search words, tokens and the like are nobody's to keep."""
    if not referer:
        return ""
    try:
        parts = urlsplit(referer)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return clean(f"{parts.scheme}://{host}{parts.path}" if host else parts.path, PATH)
