"""Reads a body of the kinds that ``sendBeacon`` produces: forms and JSON, under several names.

A string goes as ``text/plain``, ``URLSearchParams`` as a form, ``FormData`` as multipart, a ``Blob`` as
whatever it says it is, or without a type (Beacon API, and "extract a body" of the Fetch standard).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote_plus

from django_metrics_statsd.beacon.beacons import Refused

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
TEXT = "text/plain"


def parse_body(content_type: str, raw: bytes, max_keys: int, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a form or the object of a JSON text.

    Args:
        content_type: the media type without parameters.
        raw: the body, of which the size was looked at.
        max_keys: how many fields there may be.
        meta: the request's headers as WSGI has them, for multipart's boundary.

    Raises:
        Refused: the type, the syntax or the number of fields is not what is taken.
    """
    if content_type == FORM:
        return parse_form(raw, max_keys)
    if content_type in {TEXT, ""}:
        return parse_json(raw, max_keys) if raw.lstrip()[:1] in {b"{", b"["} else parse_form(raw, max_keys)
    if content_type == JSON:
        return parse_json(raw, max_keys)
    if content_type == MULTIPART:
        return _parse_multipart(raw, max_keys, meta)
    raise Refused("content_type", f"the content type must be one of {FORM}, {MULTIPART}, {JSON}, {TEXT}", 415)


def parse_form(raw: bytes, max_keys: int) -> dict[str, Any]:
    """Return the fields of a form or of a query string; of a field that is there twice, the last.

    Raises:
        Refused: there are too many fields.
    """
    if raw.count(b"&") >= max_keys:
        raise Refused("too_many_keys", f"a beacon may have {max_keys} fields")
    fields: dict[str, Any] = {}
    for part in raw.decode("utf-8", "replace").split("&"):  # parse_qsl does the same in three times the time
        if part:
            name, _, value = part.partition("=")
            if "%" in part or "+" in part:
                name, value = unquote_plus(name), unquote_plus(value)
            fields[name] = value
    return fields


def parse_json(raw: bytes, max_keys: int) -> dict[str, Any]:
    """Return the object of a JSON text.

    Raises:
        Refused: it is no JSON object (RFC 8259: it has no NaN either), or has too many keys.
    """
    try:
        data = json.loads(raw.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):  # a UnicodeDecodeError and a JSONDecodeError are ValueErrors
        raise Refused("syntax", "the body must be a JSON object, in UTF-8") from None
    if not isinstance(data, dict):
        raise Refused("syntax", "the body must be a JSON object")
    if len(data) > max_keys:
        raise Refused("too_many_keys", f"a beacon may have {max_keys} keys")
    return data


def _refuse_constant(word: str) -> None:
    raise Refused("not_finite", "numbers must be finite")


def _parse_multipart(raw: bytes, max_keys: int, meta: Mapping[str, Any]) -> dict[str, Any]:
    from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
    from django.http.multipartparser import MultiPartParser, MultiPartParserError

    if raw.lower().count(b"content-disposition") > max_keys:
        raise Refused("too_many_keys", f"a beacon may have {max_keys} fields")
    try:
        # A body that came in chunks has no length in the headers. Without handlers files are lost.
        measured = {**meta, "CONTENT_LENGTH": str(len(raw))}
        fields, _files = MultiPartParser(measured, BytesIO(raw), []).parse()
    except (MultiPartParserError, RequestDataTooBig, SuspiciousOperation):
        raise Refused("syntax", "the body is no multipart form") from None
    return dict(fields.items())
