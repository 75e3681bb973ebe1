"""A strict Content-Security-Policy on every page: nothing inline, nothing from elsewhere.

Only pictures of a Graphite may come from elsewhere, if the settings name one for the toolbar's panel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.utils.decorators import sync_and_async_middleware

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase


def policy(pictures_from: str = "") -> str:
    """Return the policy; pictures may come from the origin of one more URL as well."""
    url = urlsplit(pictures_from)
    images = f"'self' {url.scheme}://{url.netloc}" if pictures_from else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


POLICY = policy(settings.GRAPHITE_URL)


@sync_and_async_middleware
def content_security_policy(get_response: Any) -> Any:
    async def asynchronous(request: HttpRequest) -> HttpResponseBase:
        return marked(await get_response(request))

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return marked(get_response(request))

    return asynchronous if iscoroutinefunction(get_response) else synchronous


def marked(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response
