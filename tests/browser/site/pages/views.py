"""Pages that differ in the scripts they load: ``/name?script=a.js&script=b.js&tag=…``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

ASSETS = Path(__file__).parents[1] / "assets"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'"
#: How long a page waits for its picture, and so for its load event.
PAUSE = 1.5
PRERENDERED = "/prerendered?script=/assets/prerendered.js&tag=plain"


def strict_policy(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A policy without nonce, and without anything inline."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return middleware


def page(request: HttpRequest, name: str) -> HttpResponse:
    """A page with the beacon's tag (``tag=no`` leaves it out) and the scripts that its query names."""
    asked = request.GET
    parts = {
        "name": name,
        "scripts": asked.getlist("script"),
        "tag": asked.get("tag", "yes"),
        "sample": asked.get("sample"),
        "slow": "slow" in asked,
        "next": PRERENDERED if "prerender" in asked else None,
    }
    response = render(request, "page.html", parts)
    if "prerender" in asked:
        response.headers["Speculation-Rules"] = '"/rules.json"'
    return response


def rules(request: HttpRequest) -> JsonResponse:
    """Prerender the page that is next (Speculation Rules, WICG)."""
    known = {"prerender": [{"source": "list", "urls": [PRERENDERED], "eagerness": "immediate"}]}
    return JsonResponse(known, content_type="application/speculationrules+json")


def moved(request: HttpRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect("/arrived")


def slow_picture(request: HttpRequest) -> HttpResponse:
    time.sleep(PAUSE)
    return nothing(request)


def said(request: HttpRequest) -> HttpResponse:
    """What a page says of itself goes to the log."""
    print("said", request.body.decode(), flush=True)
    return nothing(request)


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)
