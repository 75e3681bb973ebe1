"""What browsers post to ``record``: one page load as stick and boomerang send it, and three web vitals.

The figures are of one load of a page over HTTPS: a new connection, a redirect, and another page of the site
before it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

HEADERS = {
    "Host": "127.0.0.1",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Origin": "http://127.0.0.1",
    "Referer": "http://127.0.0.1/books/42/",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Site": "same-origin",
    "Cookie": "csrftoken=Yk3v0bQ9nJ7mR2tXcW5zL8sF4hD6pG1a; sessionid=q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6",
}

_TIMING = {
    "redirectStart": 1,
    "redirectEnd": 7,
    "fetchStart": 7,
    "domainLookupStart": 12,
    "domainLookupEnd": 31,
    "connectStart": 31,
    "secureConnectionStart": 48,
    "connectEnd": 79,
    "requestStart": 80,
    "responseStart": 214,
    "responseEnd": 236,
    "unloadEventStart": 221,
    "unloadEventEnd": 222,
    "domLoading": 227,
    "domInteractive": 648,
    "domContentLoadedEventStart": 655,
    "domContentLoadedEventEnd": 671,
    "domComplete": 1342,
    "loadEventStart": 1342,
    "loadEventEnd": 1351,
}

_NT = {
    "nt_red_st": "redirectStart",
    "nt_red_end": "redirectEnd",
    "nt_fet_st": "fetchStart",
    "nt_dns_st": "domainLookupStart",
    "nt_dns_end": "domainLookupEnd",
    "nt_con_st": "connectStart",
    "nt_ssl_st": "secureConnectionStart",
    "nt_con_end": "connectEnd",
    "nt_req_st": "requestStart",
    "nt_res_st": "responseStart",
    "nt_res_end": "responseEnd",
    "nt_unload_st": "unloadEventStart",
    "nt_unload_end": "unloadEventEnd",
    "nt_domloading": "domLoading",
    "nt_domint": "domInteractive",
    "nt_domcontloaded_st": "domContentLoadedEventStart",
    "nt_domcontloaded_end": "domContentLoadedEventEnd",
    "nt_domcomp": "domComplete",
    "nt_load_st": "loadEventStart",
    "nt_load_end": "loadEventEnd",
}
_EPOCH = 1_760_000_000_000


def _stick() -> str:
    timing = {f"window.performance.timing.{name}": ms for name, ms in _TIMING.items()}
    return urlencode(
        {
            "client": "stick",
            **timing,
            "window.performance.navigation.type": "navigate",
            "window.performance.navigation.redirectCount": 1,
            "page": "/books/42/",
            "connection": "4g",
        }
    )


def _boomerang() -> str:
    return urlencode(
        {
            "v": "1.815.0",
            "sv": "12",
            "pid": "m6x3p0d1",
            "u": "http://127.0.0.1/books/42/",
            "rt.start": "navigation",
            "rt.tstart": _EPOCH,
            "rt.bstart": _EPOCH + 702,
            "rt.end": _EPOCH + 1351,
            "t_done": 1351,
            "t_resp": 214,
            "t_page": 1137,
            "nt_nav_st": _EPOCH,
            **{key: _EPOCH + _TIMING[name] for key, name in _NT.items()},
            "nt_nav_type": 0,
            "nt_red_cnt": 1,
            "mob.etype": "4g",
            "mob.dl": 10,
            "mob.rtt": 50,
            "dom.res": 31,
            "dom.ln": 412,
            "cpu.cnc": 8,
            "scr.xy": "1920x1080",
        }
    )


def _vitals() -> str:
    metrics = [
        {
            "name": name,
            "value": value,
            "rating": rating,
            "delta": value,
            "id": f"v5-{_EPOCH}-{number}8123456789012",
            "navigationType": "navigate",
        }
        for number, (name, value, rating) in enumerate(
            [
                ("TTFB", 214.30000001192093, "good"),
                ("FCP", 692, "good"),
                ("LCP", 1184.5, "good"),
                ("CLS", 0.0843217, "good"),
                ("INP", 248, "needs-improvement"),
            ],
            start=1,
        )
    ]
    return json.dumps({"client": "vitals", "metrics": metrics, "page": "/books/42/", "connection": "4g"})


@dataclass(frozen=True)
class Post:
    """What is posted: the query of the URL, the content type, and the body."""

    query: str
    kind: str
    body: str


POSTS = {
    "stick": Post("", "application/x-www-form-urlencoded", _stick()),
    "boomerang": Post("?client=boomerang", "application/x-www-form-urlencoded", _boomerang()),
    "vitals": Post("", "text/plain;charset=UTF-8", _vitals()),
}
