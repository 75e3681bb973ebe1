"""The strictest policy that the pages promise to live with."""

from __future__ import annotations

from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'"


class Strict:
    sync_capable = async_capable = True

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if iscoroutinefunction(self.get_response):
            return self.acall(request)
        return strict(self.get_response(request))

    async def acall(self, request: HttpRequest) -> HttpResponse:
        return strict(await self.get_response(request))


def strict(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    return response
