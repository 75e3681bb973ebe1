"""Views whose cost and outcome are known beforehand."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import connection
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.http import HttpRequest

# The tests expect timings of at least so much.
PAUSE = 0.05
CHUNKS = 3
LONG = 1.0


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def busy(request: HttpRequest) -> HttpResponse:
    """Five queries; ten cache calls: two sets, five hits, three misses."""
    with connection.cursor() as cursor:
        for number in range(5):
            cursor.execute("SELECT %s", [number])
    cache.set("here", 1)
    cache.set("there", 2)
    for _ in range(5):
        cache.get("here")
    for _ in range(3):
        cache.get("nowhere")
    return HttpResponse("busy")


def slow(request: HttpRequest) -> HttpResponse:
    time.sleep(PAUSE)
    return HttpResponse("slow")


def long(request: HttpRequest) -> HttpResponse:
    """Say that it has begun, and take so long that the server is told to end meanwhile."""
    print("long has begun", flush=True)
    time.sleep(LONG)
    return HttpResponse("long")


async def along(request: HttpRequest) -> HttpResponse:
    print("long has begun", flush=True)
    await asyncio.sleep(LONG)
    return HttpResponse("long")


def long_stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(long(request).content for _ in range(1))


async def along_stream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunk() -> AsyncIterator[bytes]:
        yield (await along(request)).content

    return StreamingHttpResponse(chunk())


async def asynchronous(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(PAUSE)
    return HttpResponse("asynchronous")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks())


def chunks() -> Iterator[bytes]:
    for number in range(CHUNKS):
        time.sleep(PAUSE)
        yield b"chunk %d\n" % number


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(achunks())


async def achunks() -> AsyncIterator[bytes]:
    for number in range(CHUNKS):
        await asyncio.sleep(PAUSE)
        yield b"chunk %d\n" % number


def download(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


def error(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("this view fails on purpose")


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404
