"""Pages with a number, in twenty views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"page {number}")


urlpatterns = [path(f"part{part}/<int:number>", page) for part in range(20)]
