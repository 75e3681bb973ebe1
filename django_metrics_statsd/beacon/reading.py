"""From a request to a beacon: the limits first, then the body, then the client's parser."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, RawPostDataException, UnreadablePostError

from django_metrics_statsd.beacon.beacons import Beacon, Refused
from django_metrics_statsd.beacon.body import parse_body, parse_form
from django_metrics_statsd.beacon.parsers import boomerang, stick, vitals
from django_metrics_statsd.beacon.plan import BeaconPlan, planned

_FORMS = {"stick": stick.parse, "boomerang": boomerang.parse}
CLIENTS = (*_FORMS, "vitals")


def read(request: HttpRequest) -> Beacon:
    """Return the beacon that a request brings.

    Raises:
        Refused: it brings none, or one that is too large.
    """
    plan = planned.now
    query = request.META.get("QUERY_STRING", "")
    if len(query) > plan.max_bytes:
        raise _too_large(plan.max_bytes)
    asked = parse_form(query.encode(), plan.max_keys) if query else {}
    data = asked if request.method == "GET" else _read_body(request, plan.max_bytes, plan.max_keys)
    client = data.get("client", asked.get("client"))
    beacon = _parse(client, data, plan)
    beacon.client = str(client)
    return beacon


def _parse(client: Any, data: dict[str, Any], plan: BeaconPlan) -> Beacon:
    if client == "vitals":
        return vitals.parse(data, plan.max_keys)
    parse = _FORMS.get(client) if isinstance(client, str) else None
    if parse is None:
        raise Refused("client", f"client must be one of {', '.join(CLIENTS)}")
    if not all(isinstance(value, str) for value in data.values()):
        raise Refused("syntax", "stick and boomerang send forms")
    return parse(data, plan.wanted)


def _read_body(request: HttpRequest, max_bytes: int, max_keys: int) -> dict[str, Any]:
    try:
        raw = _raw(request, max_bytes)
    except RawPostDataException:  # somebody has taken the form already
        if len(request.POST) > max_keys:
            raise Refused("too_many_keys", f"a beacon may have {max_keys} fields") from None
        return request.POST.dict()
    return parse_body(request.content_type or "", raw, max_keys, request.META)


def _raw(request: HttpRequest, max_bytes: int) -> bytes:
    """Read the body, at most one byte more than allowed. Without a length, HTTP/1.1 sends it in chunks."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    declared = int(length) if length.isdecimal() and len(length) < 20 else 0
    if declared > max_bytes:
        raise _too_large(max_bytes)
    begun = getattr(request, "_read_started", False)
    try:
        # Once reading has begun, `body` has what was read, or raises RawPostDataException.
        raw = request.body if declared or begun else request.read(max_bytes + 1)
    except RequestDataTooBig:
        raise _too_large(max_bytes) from None
    except UnreadablePostError:
        raise _cut_off() from None
    if len(raw) > max_bytes:
        raise _too_large(max_bytes)
    if len(raw) < declared:  # half a number is a number too
        raise _cut_off()
    return raw


def _cut_off() -> Refused:
    return Refused("unreadable", "the body ended too early")


def _too_large(max_bytes: int) -> Refused:
    return Refused("too_large", f"a beacon may have {max_bytes} bytes", 413)
