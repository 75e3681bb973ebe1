"""Views of the test project, of every shape that the middlewares may meet."""

from __future__ import annotations

import asyncio
import functools
import io
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.decorators import method_decorator
from django.views import View

from django_metrics_statsd.decorators import exempt


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


async def aplain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


def who(request: HttpRequest) -> HttpResponse:
    """Look at the user, as most views do."""
    return HttpResponse(str(request.user))


async def awho(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await request.auser()))


ERRORS: dict[str, Callable[[], BaseException]] = {
    "missing": lambda: Http404("no"),
    "forbidden": lambda: PermissionDenied("no"),
    "suspicious": lambda: SuspiciousOperation("no"),
    "bad": lambda: BadRequest("no"),
    "broken": lambda: ValueError("no"),
    "exit": lambda: SystemExit(3),
}


def raises(request: HttpRequest, what: str) -> HttpResponse:
    error = ERRORS[what]()
    raise error


async def araises(request: HttpRequest, what: str) -> HttpResponse:
    error = ERRORS[what]()
    raise error


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[str]:
        for each in ("a", "b", "c"):
            cache.get(each)
            yield each

    return StreamingHttpResponse(chunks())


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    async def chunks() -> AsyncIterator[str]:
        for each in ("a", "b", "c"):
            yield each

    return StreamingHttpResponse(chunks())


def file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open("rb"))


def memory_file(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b"x" * 10_000), filename="x.txt")


#: Set when `waits` is at it.
waiting = threading.Event()


async def begins_to_wait() -> None:
    """Come back when `waits` waits, and forget that."""
    deadline = time.monotonic() + 20
    while not waiting.is_set():
        assert time.monotonic() < deadline, "the view was not asked"
        await asyncio.sleep(0.005)
    waiting.clear()


async def waits(request: HttpRequest) -> HttpResponse:
    waiting.set()
    await asyncio.sleep(60)
    return HttpResponse()


def busy(request: HttpRequest) -> HttpResponse:
    """Two queries, three cache calls: one hit, one miss."""
    get_user_model().objects.count()
    get_user_model().objects.exists()
    cache.set("known", 1)
    cache.get("known")
    cache.get("unknown")
    return HttpResponse("busy")


def odd_status(request: HttpRequest) -> HttpResponse:
    response = HttpResponse()
    response.status_code = int(request.GET["status"])  # the constructor would refuse some
    return response


@exempt
def quiet(request: HttpRequest) -> HttpResponse:
    return busy(request)


@exempt
async def aquiet(request: HttpRequest) -> HttpResponse:
    await cache.aget("x")
    return HttpResponse("quiet")


@method_decorator(exempt, name="dispatch")
class Quiet(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return busy(request)


@method_decorator(exempt, name="dispatch")
class AsyncQuiet(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        await cache.aget("x")
        return HttpResponse("quiet")


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("page")

    post = get


class AsyncPage(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("page")


def decorator(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return inner


decorated = decorator(decorator(plain))
part = functools.partial(plain)


class Called:
    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("called")

    def method(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("method")


class Unhashable(Called):
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


instance = Called()
unhashable = Unhashable()

#: The threads in which views and middlewares of the test for thread hops ran.
seen_threads: list[int] = []


async def thread(request: HttpRequest) -> HttpResponse:
    seen_threads.append(threading.get_ident())
    return HttpResponse("thread")
