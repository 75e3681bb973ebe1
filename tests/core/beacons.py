"""Beacons as the clients send them, and how the tests send them to the view in both modes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.signing import TimestampSigner
from django.http import HttpRequest
from django.test import AsyncClient, Client

from django_metrics_statsd.beacon import fields
from django_metrics_statsd.clients.base import Record
from django_metrics_statsd.testing import Captured

URL = "/services/timing/record"
FORM = "application/x-www-form-urlencoded"
TEXT = "text/plain;charset=UTF-8"
JSON = "application/json"

MODES = pytest.mark.parametrize("mode", ["sync", "async"])
URLS = pytest.mark.urls("tests.core.beacon_urls")

REFUSED = "django_metrics_statsd.beacon.refused."
IGNORED = "django_metrics_statsd.beacon.ignored"
T = fields.TIMING

#: What stick sends for a page load: milliseconds since the navigation began.
STICK = {
    "client": "stick",
    T + "fetchStart": "2",
    T + "domainLookupStart": "2",
    T + "domainLookupEnd": "4",
    T + "connectStart": "4",
    T + "connectEnd": "9",
    T + "requestStart": "10",
    T + "responseStart": "96",
    T + "responseEnd": "102",
    T + "domLoading": "123",
    T + "domInteractive": "271",
    T + "domContentLoadedEventStart": "272",
    T + "domContentLoadedEventEnd": "274",
    T + "domComplete": "275",
    T + "loadEventStart": "275",
    T + "loadEventEnd": "276",
    "window.performance.navigation.type": "reload",
    "window.performance.navigation.redirectCount": "0",
    "page": "/shop/7/",
    "connection": "4g",
}

#: What an old copy of stick sends: milliseconds since 1970, and 0 for what did not happen.
EPOCH = 1_330_000_000_000
OLD_STICK = {
    "client": "stick",
    T + "navigationStart": str(EPOCH),
    T + "unloadEventStart": "0",
    T + "unloadEventEnd": "0",
    T + "redirectStart": "0",
    T + "redirectEnd": "0",
    T + "secureConnectionStart": "0",
    T + "toJSON": "function toJSON() { [native code] }",
    T + "fetchStart": str(EPOCH + 1),
    T + "domainLookupStart": str(EPOCH + 1),
    T + "domainLookupEnd": str(EPOCH + 1),
    T + "connectStart": str(EPOCH + 1),
    T + "connectEnd": str(EPOCH + 1),
    T + "requestStart": str(EPOCH + 5),
    T + "responseStart": str(EPOCH + 1200),
    T + "responseEnd": str(EPOCH + 1300),
    T + "domLoading": str(EPOCH + 1780),
    T + "domInteractive": str(EPOCH + 3819),
    T + "domContentLoadedEventStart": str(EPOCH + 3820),
    T + "domContentLoadedEventEnd": str(EPOCH + 3900),
    T + "domComplete": str(EPOCH + 5309),
    T + "loadEventStart": str(EPOCH + 5309),
    T + "loadEventEnd": str(EPOCH + 5400),
    "window.performance.navigation.type": "1",
    "window.performance.navigation.redirectCount": "0",
}

#: boomerang 1.815.1 with rt.js and navtiming.js in Chromium: after the load …
BOOMERANG = {
    "nocookie": "1",
    "client": "boomerang",
    "view": "app:index",
    "rt.start": "navigation",
    "rt.bmr": "129,48,47,42",
    "rt.tstart": "1795327349721",
    "rt.bstart": "1795327349921",
    "rt.end": "1795327349997",
    "t_resp": "96",
    "t_page": "180",
    "t_done": "276",
    "t_other": "t_domloaded|274,boomerang|6,boomr_fb|200",
    "rt.tt": "276",
    "rt.obo": "0",
    "nt_nav_st": "1795327349721",
    "nt_fet_st": "1795327349723",
    "nt_dns_st": "1795327349723",
    "nt_dns_end": "1795327349723",
    "nt_con_st": "1795327349723",
    "nt_con_end": "1795327349723",
    "nt_req_st": "1795327349736",
    "nt_res_st": "1795327349816",
    "nt_res_end": "1795327349823",
    "nt_domloading": "1795327349844",
    "nt_domint": "1795327349992",
    "nt_domcontloaded_st": "1795327349993",
    "nt_domcontloaded_end": "1795327349995",
    "nt_domcomp": "1795327349996",
    "nt_load_st": "1795327349996",
    "nt_load_end": "1795327349996",
    "nt_enc_size": "392",
    "nt_dec_size": "392",
    "nt_trn_size": "692",
    "nt_protocol": "http/1.1",
    "nt_spdy": "0",
    "nt_cinf": "http/1.1",
    "nt_first_paint": "1795327349916",
    "nt_red_cnt": "0",
    "nt_nav_type": "0",
    "u": "http://testserver/shop/7/",
    "v": "1.815.1",
    "sm": "i",
    "rt.si": "54b77dc1-7e7b-4a0b-tow3g6",
    "rt.ss": "1795327349721",
    "rt.sl": "1",
    "vis.st": "visible",
    "ua.plt": "Linux",
    "ua.vnd": "Google Inc.",
    "pid": "43f0yncc",
    "n": "1",
    "sb": "1",
}

#: … and when the visitor leaves.
_KEPT = ("nocookie", "client", "view", "u", "v", "sm", "rt.si", "rt.ss", "rt.sl", "vis.st", "ua.plt", "pid")
BOOMERANG_QUIT = {
    **{key: BOOMERANG[key] for key in _KEPT},
    "n": "2",
    "rt.tstart": "1795327349721",
    "rt.bstart": "1795327349921",
    "rt.end": "1795327349997",
    "t_done": "276",
    "rt.tt": "276",
    "rt.obo": "0",
    "rt.quit": "",
    "sb": "1",
}


def vital(name: str, value: Any, **more: Any) -> dict[str, Any]:
    """Return a metric as web-vitals' callbacks get it, without its entries."""
    given = {"name": name, "value": value, "delta": value, "id": "v6-1795327358058-2790504464897", **more}
    return {key: value for key, value in given.items() if value is not ...}


#: What stick sends of the vitals.
VITALS = {
    "client": "vitals",
    "metrics": [
        vital("LCP", 124, rating="good", navigationType="navigate"),
        vital("INP", 208.4, rating="needs-improvement"),
        vital("CLS", 0.1005, rating="needs-improvement"),
        vital("FCP", 3001, rating="poor"),
        vital("TTFB", 10.599999999627471, rating="good"),
    ],
    "page": "/shop/7/",
    "connection": "3g",
}

Answer = Any


def form(data: dict[str, str], **changed: str | None) -> bytes:
    """Return a beacon as a form; None takes a field out. Dots in names may be written as ``__``."""
    renamed = {key.replace("__", "."): value for key, value in changed.items()}
    merged = {**data, **renamed}
    return urlencode({key: value for key, value in merged.items() if value is not None}).encode()


def stick(**changed: str | None) -> bytes:
    """Return STICK as a form, with other timings: ``stick(domComplete="5")``."""
    return form(STICK, **{(T + key).replace(".", "__"): value for key, value in changed.items()})


def only(**timings: str) -> bytes:
    """Return a beacon of stick's with these timings only."""
    return form({"client": "stick", **{T + key: value for key, value in timings.items()}})


def text(data: Any) -> bytes:
    """Return a beacon as JSON."""
    return json.dumps(data).encode()


def multipart(
    data: dict[str, str], boundary: str = "----WebKitFormBoundaryAbC", tail: bytes = b""
) -> tuple[bytes, str]:
    """Return a ``FormData`` and its content type, with `tail` as one more part."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in data.items()
    ]
    body = b"".join([*parts, tail, f"--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


def send(
    mode: str,
    body: bytes = b"",
    content_type: str | None = FORM,
    *,
    method: str = "POST",
    url: str = URL,
    cookies: dict[str, str] | None = None,
    **headers: str,
) -> Answer:
    """Send a request in a mode, as a browser does that knows no CSRF token; return the response."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    call: dict[str, Any] = {"method": method, "path": url, "data": body, "headers": given}
    call["content_type"] = content_type or ""
    if mode == "sync":
        client = Client(enforce_csrf_checks=True)
        client.cookies.load(cookies or {})
        return client.generic(**call)

    async def main() -> Answer:
        client = AsyncClient(enforce_csrf_checks=True)
        client.cookies.load(cookies or {})
        return await client.generic(**call)

    return asyncio.run(main())


def counts(records: Iterable[Record]) -> dict[str, int]:
    """Return what was counted, as ``{name: sum}``."""
    found: dict[str, int] = {}
    for record in records:
        if record.kind == "c":
            found[record.stat] = found.get(record.stat, 0) + record.value
    return found


def times(records: Iterable[Record]) -> dict[str, Any]:
    """Return what was timed, as ``{name: milliseconds}``; fail if something was timed twice."""
    pairs = [(record.stat, record.value) for record in records if record.kind == "ms"]
    assert len(pairs) == len(dict(pairs)), pairs
    return dict(pairs)


def refused(records: Iterable[Record]) -> dict[str, int]:
    """Return how often something was refused, by reason."""
    return {
        name.removeprefix(REFUSED): count
        for name, count in counts(records).items()
        if name.startswith(REFUSED)
    }


def assert_nothing_but(stats: Captured, **reasons: int) -> None:
    """Assert that nothing was emitted but these refusals."""
    assert refused(stats) == reasons
    assert len(stats) == sum(reasons.values()), str(stats)


def tags(records: Iterable[Record]) -> set[tuple[tuple[str, str], ...]]:
    """Return the tags of what was recorded of a browser."""
    return {tuple(record.tags) for record in records if record.stat.startswith("window.")}


def token(value: str = "testserver", salt: str = "django_metrics_statsd.beacon") -> str:
    """Return a token as the template tag writes it."""
    return TimestampSigner(salt=salt).sign(value)


def request_of(mode: str, **meta: str) -> HttpRequest:
    """Return a bare request with these headers, for the guards."""
    from django.test import AsyncRequestFactory, RequestFactory

    if mode == "sync":
        return RequestFactory().post(URL, **meta)  # type: ignore[arg-type]
    return AsyncRequestFactory().post(URL, **meta)  # type: ignore[arg-type]
