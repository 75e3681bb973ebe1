"""Cross-origin beacons (CORS, the Fetch standard): answers the origins of ``STATSD_RECORD_ORIGINS``."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_vary_headers

from django_metrics_statsd.beacon.plan import planned

#: Seconds for which a browser need not ask again; Chromium's longest.
_MAX_AGE = "7200"


def allow(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the page of an allowed origin read the response, and send JSON after a preflight.

    Browsers send beacons with credentials, so the response must allow these by name of the origin; it
    neither reads nor sets a cookie.
    """
    allowed = planned.now.origins
    if not allowed:
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.META.get("HTTP_ORIGIN", "")
    if origin.lower() not in allowed:
        return
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST"
        headers["Access-Control-Allow-Headers"] = "Content-Type"
        headers["Access-Control-Max-Age"] = _MAX_AGE
