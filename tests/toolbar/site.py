"""The panel's test project: pages that emit stats in every way, sync and async."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import include, path

from django_metrics_statsd.clients import statsd

PAGE = "<html><body><h1>{}</h1></body></html>"
HOSTILE = "\"><script>alert(1)</script>' onerror=x {{ 1 }} </td>"


def show(request: HttpRequest) -> bool:
    """Show the toolbar, unless the query says no."""
    return "plain" not in request.GET


def emit() -> None:
    """Emit one of each kind, with known values."""
    statsd.incr("page.count", 2)
    statsd.decr("page.count")
    for value in (10, 20.5, 3):
        statsd.timing("page.time", value)
    statsd.gauge("page.gauge", -3)
    statsd.gauge("page.gauge", 1.5, delta=True)
    statsd.gauge("page.step", 2, delta=True)
    for member in ("a", "b", "a"):
        statsd.set("page.set", member)
    with statsd.timer("page.timer"):
        cache.get("absent")
        list(ContentType.objects.all())


def page(request: HttpRequest) -> HttpResponse:
    emit()
    return HttpResponse(PAGE.format("page"))


async def apage(request: HttpRequest) -> HttpResponse:
    emit()
    await asyncio.sleep(0)
    return HttpResponse(PAGE.format("page"))


def slow(request: HttpRequest) -> HttpResponse:
    with statsd.timer("slow.first"):
        time.sleep(0.02)
    with statsd.timer("slow.second"):
        time.sleep(0.03)
    return HttpResponse(PAGE.format("slow"))


def numbered(request: HttpRequest, number: int) -> HttpResponse:
    """Emit its number that often."""
    for _ in range(number):
        statsd.incr(f"number.{number}")
        time.sleep(0)
    return HttpResponse(PAGE.format(number))


async def anumbered(request: HttpRequest, number: int) -> HttpResponse:
    for _ in range(number):
        statsd.incr(f"number.{number}")
        await asyncio.sleep(0)
    return HttpResponse(PAGE.format(number))


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for part in "abc":
            statsd.incr("stream.part")
            yield part

    return StreamingHttpResponse(parts())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for part in "abc":
            statsd.incr("stream.part")
            await asyncio.sleep(0)
            yield part

    return StreamingHttpResponse(parts())


def broken(request: HttpRequest) -> HttpResponse:
    statsd.incr("broken.before")
    raise RuntimeError("broken")


def data(request: HttpRequest) -> JsonResponse:
    statsd.incr("data.count")
    return JsonResponse({"a": 1})


def moved(request: HttpRequest) -> HttpResponseRedirect:
    statsd.incr("moved.count")
    return HttpResponseRedirect("/page/")


def hostile(request: HttpRequest) -> HttpResponse:
    statsd.incr(HOSTILE)
    statsd.timing(HOSTILE, 5, tags={HOSTILE: HOSTILE})
    statsd.gauge(HOSTILE, 1)
    statsd.set(HOSTILE, HOSTILE)
    statsd.timing(HOSTILE, HOSTILE)  # type: ignore[arg-type]
    statsd.incr(HOSTILE * 100)
    if settings.METLOG is not None:
        settings.METLOG.metlog(HOSTILE, payload=HOSTILE, fields={HOSTILE: HOSTILE})
    return HttpResponse(PAGE.format("hostile"))


def metlogged(request: HttpRequest) -> HttpResponse:
    metlog = settings.METLOG
    metlog.incr("metlog.count", 3)
    metlog.timer_send("metlog.time", 7)
    metlog.info("a line for %s", "people")
    statsd.incr("handle.count")
    return HttpResponse(PAGE.format("metlog"))


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.format("nothing"))


def many(request: HttpRequest) -> HttpResponse:
    for number in range(int(request.GET["times"])):
        statsd.timing(f"many.{number % 5}", number)
    return HttpResponse(PAGE.format("many"))


def echo(request: HttpRequest) -> HttpResponse:
    body: Any = json.loads(request.body)
    statsd.incr("echo.count", body["count"])
    return JsonResponse(body)


urlpatterns = [
    path("page/", page),
    path("apage/", apage),
    path("slow/", slow),
    path("number/<int:number>/", numbered),
    path("anumber/<int:number>/", anumbered),
    path("stream/", stream),
    path("astream/", astream),
    path("broken/", broken),
    path("data/", data),
    path("moved/", moved),
    path("hostile/", hostile),
    path("metlogged/", metlogged),
    path("nothing/", nothing),
    path("many/", many),
    path("echo/", echo),
    path("__debug__/", include("debug_toolbar.urls")),
]
