"""Pages with a number, in twenty views."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_metrics_statsd.hits.events import record_event


def page(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"page {number}")


def event(request: HttpRequest, number: int) -> HttpResponse:
    record_event(f"event {number}", "Info", {"number": number}, scope="staff", request=request)
    return HttpResponse("event")


urlpatterns = [
    path("event/<int:number>", event),
    *(path(f"part{part}/<int:number>", page) for part in range(20)),
]
