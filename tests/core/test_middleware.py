"""Both modes of the middlewares, through Django's own handlers."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib.auth import get_user_model
from django.core.asgi import get_asgi_application
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.utils.decorators import sync_and_async_middleware

from django_metrics_statsd import background, observation
from django_metrics_statsd.clients.null import StatsClient as NullClient
from django_metrics_statsd.decorators import exempt
from django_metrics_statsd.middleware import GraphiteMiddleware, GraphiteRequestTimingMiddleware
from django_metrics_statsd.testing import Captured
from tests import views

OURS = [
    "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
    "django_metrics_statsd.middleware.GraphiteMiddleware",
]
STATUS = {"missing": 404, "forbidden": 403, "suspicious": 400, "bad": 400, "broken": 500}


def get(mode: str, path: str, method: str = "GET") -> tuple[Any, bytes]:
    """Make one request, sync or async, to its last byte; return the response and its content."""
    if mode == "sync":
        response: Any = Client(raise_request_exception=False).generic(method, path)
        return response, b"".join(response) if response.streaming else response.content

    async def main() -> tuple[Any, bytes]:
        answer: Any = await AsyncClient(raise_request_exception=False).generic(method, path)
        if not answer.streaming:
            return answer, answer.content
        return answer, b"".join([part async for part in answer])

    return asyncio.run(main())


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.MIDDLEWARE = OURS
    return str(request.param)


def counts(stats: Captured) -> dict[str, int]:
    found: dict[str, int] = {}
    for record in stats:
        if record.kind == "c":
            found[record.stat] = found.get(record.stat, 0) + record.value
    return found


def times(stats: Captured) -> list[str]:
    return [record.stat for record in stats if record.kind == "ms"]


@pytest.mark.parametrize("path", ["plain", "aplain"])
def test_a_request_is_counted_and_timed_once(mode: str, path: str, stats: Captured) -> None:
    response, content = get(mode, f"/{path}")
    assert (response.status_code, content) == (200, b"plain")
    assert counts(stats) == {"response.200": 1}
    assert times(stats) == [f"view.tests.views.{path}.GET", "view.tests.views.GET", "view.GET"]


def test_details_are_optional(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_VIEW_TIMER_DETAILS = False
    get(mode, "/plain")
    assert times(stats) == ["view.tests.views.plain.GET"]


@pytest.mark.parametrize("what", STATUS)
@pytest.mark.parametrize("view", ["raises", "araises"])
def test_each_error_is_its_one_response(mode: str, view: str, what: str, stats: Captured) -> None:
    response, _ = get(mode, f"/{view}/{what}")
    assert response.status_code == STATUS[what]
    assert counts(stats) == {f"response.{STATUS[what]}": 1}
    assert times(stats) == [f"view.tests.views.{view}.GET", "view.tests.views.GET", "view.GET"]


def test_a_request_without_a_view(mode: str, stats: Captured) -> None:
    assert get(mode, "/no/such")[0].status_code == 404
    assert counts(stats) == {"response.404": 1}
    assert times(stats) == ["view.unresolved.GET", "view.GET"]


def test_methods_are_the_nine_and_other(mode: str, stats: Captured) -> None:
    get(mode, "/plain", "BREW")
    get(mode, "/plain", "PATCH")
    assert [stat for stat in times(stats) if "plain" in stat] == [
        "view.tests.views.plain.OTHER",
        "view.tests.views.plain.PATCH",
    ]


def test_an_invented_status_makes_no_name(mode: str, stats: Captured) -> None:
    get(mode, "/status?status=299")
    get(mode, "/status?status=999999")
    assert counts(stats) == {"response.299": 1, "response.other": 1}


@pytest.mark.parametrize(
    ("path", "content"), [("stream", b"abc"), ("astream", b"abc"), ("memory-file", b"x" * 10_000)]
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_a_stream_is_timed_to_its_last_byte_and_counted_once(
    mode: str, path: str, content: bytes, stats: Captured
) -> None:
    assert get(mode, f"/{path}")[1] == content
    assert counts(stats) == {"response.200": 1}
    assert times(stats)[0] == f"view.tests.views.{path.replace('-', '_')}.GET"
    assert len(times(stats)) == 3


def test_nothing_is_timed_while_the_stream_runs(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = OURS
    response: Any = Client().get("/stream")
    chunks = iter(response.streaming_content)
    assert [next(chunks), next(chunks)] == [b"a", b"b"]
    stats.assert_incr("response.200", times=1)
    assert times(stats) == []
    assert next(chunks) == b"c"
    assert next(chunks, None) is None
    assert len(times(stats)) == 3


def test_a_stream_that_nobody_closes_is_timed_when_it_is_gone(rf: RequestFactory, stats: Captured) -> None:
    response = GraphiteRequestTimingMiddleware(views.stream)(rf.get("/"))
    assert times(stats) == []
    del response
    assert len(times(stats)) == 2  # the request was not resolved
    observation.current.set(None)


@pytest.mark.django_db
def test_a_file_response_stays_what_it_is(rf: RequestFactory, stats: Captured) -> None:
    made: list[FileResponse] = []

    def view(request: HttpRequest) -> FileResponse:
        made.append(views.file(request))
        made[0].block_size = 777
        return made[0]

    response = GraphiteRequestTimingMiddleware(GraphiteMiddleware(view))(rf.get("/"))
    assert response is made[0]
    assert type(response) is FileResponse
    assert response.file_to_stream is not None
    assert response.block_size == 777
    file = response.file_to_stream
    response.close()
    assert file.closed
    assert len(times(stats)) == 2
    observation.current.set(None)


@pytest.mark.django_db
def test_a_file_goes_to_the_servers_file_wrapper(settings: Any, rf: RequestFactory, stats: Captured) -> None:
    settings.MIDDLEWARE = OURS
    wrapped = []

    class Wrapper:
        def __init__(self, file: Any, size: int) -> None:
            wrapped.append((file, size))
            self.close = file.close

    environ = rf.get("/file").environ | {"wsgi.file_wrapper": Wrapper}
    body = WSGIHandler()(environ, lambda status, headers: None)
    assert isinstance(body, Wrapper)
    assert times(stats) == []
    body.close()
    assert len(times(stats)) == 3
    assert wrapped[0][1] == FileResponse.block_size


@pytest.mark.parametrize("view", ["raises", "araises"])
def test_what_is_no_error_passes_through(view: str, settings: Any, stats: Captured) -> None:
    """SystemExit makes no response, so there is none to count; the observation ends all the same."""
    settings.MIDDLEWARE = OURS
    with pytest.raises(SystemExit):
        Client().get(f"/{view}/exit")
    stats.assert_nothing()
    assert observation.current.get() is None


ERRORS: dict[str, tuple[BaseException, str | None]] = {
    "missing": (Http404(), "404"),
    "forbidden": (PermissionDenied(), "403"),
    "suspicious": (SuspiciousOperation(), "400"),
    "bad": (BadRequest(), "400"),
    "broken": (ValueError(), "500"),
    "exit": (SystemExit(), None),
    "interrupt": (KeyboardInterrupt(), None),
}


@pytest.mark.parametrize(("error", "status"), ERRORS.values(), ids=ERRORS)
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_an_exception_that_reaches_the_middleware_counts_as_what_it_becomes(
    mode: str, error: BaseException, status: str | None, rf: RequestFactory, stats: Captured
) -> None:
    """Django makes responses of exceptions before they get here; other handlers may not."""

    def raising(request: HttpRequest) -> HttpResponse:
        raise error

    async def araising(request: HttpRequest) -> HttpResponse:
        raise error

    async def main() -> None:
        try:
            await GraphiteRequestTimingMiddleware(GraphiteMiddleware(araising))(rf.get("/"))
        except BaseException as caught:
            assert caught is error  # noqa: PT017 - asyncio.run has ideas of its own about SystemExit

    if mode == "sync":
        with pytest.raises(type(error)) as caught:
            GraphiteRequestTimingMiddleware(GraphiteMiddleware(raising))(rf.get("/"))
        assert caught.value is error
    else:
        asyncio.run(main())
    assert counts(stats) == ({f"response.{status}": 1} if status else {})
    assert times(stats) == (["view.unresolved.GET", "view.GET"] if status else [])
    assert observation.current.get() is None


def test_a_cancelled_request_is_counted_as_that(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = OURS

    async def main() -> None:
        task = asyncio.create_task(AsyncClient().get("/waits"))
        await views.begins_to_wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert counts(stats) == {"response.cancelled": 1}
    assert times(stats) == []


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        "server": ("test", 80),
    }


def test_a_browser_that_leaves_is_a_cancelled_request(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = OURS

    async def main() -> list[Any]:
        sent: list[Any] = []
        incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        incoming.put_nowait({"type": "http.request", "body": b"", "more_body": False})

        async def send(message: Any) -> None:
            sent.append(message)

        task = asyncio.create_task(get_asgi_application()(scope("/waits"), incoming.get, send))
        await views.begins_to_wait()
        incoming.put_nowait({"type": "http.disconnect"})
        await task
        return sent

    assert asyncio.run(main()) == []
    assert counts(stats) == {"response.cancelled": 1}


Seen = Callable[[HttpRequest], Awaitable[HttpResponse]]


@sync_and_async_middleware
def watching(get_response: Seen) -> Seen:
    """A middleware that notes its thread."""
    assert iscoroutinefunction(get_response)

    async def middleware(request: HttpRequest) -> HttpResponse:
        views.seen_threads.append(threading.get_ident())
        return await get_response(request)

    return middleware


@pytest.fixture
def no_executor(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was handed to another thread, whichever way asyncio and asgiref know."""
    hops: list[str] = []
    submit = ThreadPoolExecutor.submit

    def noted(self: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(repr(function))
        return submit(self, function, *args, **kwargs)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", noted)
    yield hops
    views.seen_threads.clear()


def test_no_request_changes_threads_because_of_us(
    settings: Any, no_executor: list[str], stats: Captured
) -> None:
    """Only async parts in the chain: nothing may run in an executor, and all on the loop's own thread."""
    watch = f"{__name__}.watching"
    settings.MIDDLEWARE = [watch, *OURS, watch]

    async def direct() -> int:
        handler = ASGIHandler()
        request, _ = handler.create_request(scope("/thread"), io.BytesIO())
        assert request is not None
        response = await handler.get_response_async(request)
        assert response.status_code == 200
        return threading.get_ident()

    loop_thread = asyncio.run(direct())
    assert views.seen_threads == [loop_thread] * 3
    assert no_executor == []
    stats.assert_incr("response.200", times=1)


@pytest.mark.parametrize(
    "path", ["quiet", "aquiet", "quiet-class", "aquiet-class", "quiet-view", "aquiet-view"]
)
@pytest.mark.django_db(transaction=True)
def test_exempt_views_emit_nothing_at_all(mode: str, path: str, stats: Captured, patched: None) -> None:
    stats.clear()
    assert get(mode, f"/{path}")[0].status_code == 200
    stats.assert_nothing()


@pytest.mark.parametrize("path", ["/own/own", "/__debug__/render"])
@pytest.mark.django_db(transaction=True)
def test_our_own_endpoints_and_the_toolbars_are_left_out(
    mode: str, path: str, stats: Captured, patched: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one of the apps with such endpoints is installed; here another stands in for it."""
    monkeypatch.setattr("django_metrics_statsd.observing.APPS_WITH_VIEWS", ("django.contrib.auth",))
    assert get(mode, path)[0].status_code == 200
    stats.assert_nothing()
    get(mode, "/plain")
    stats.assert_incr("response.200", times=1)


@pytest.fixture
def patched() -> Iterator[None]:
    """Queries and cache calls are timed."""
    from django_metrics_statsd.patches import cache, db

    db.patch.install()
    cache.patch.install()
    yield
    cache.patch.uninstall()
    db.patch.uninstall()


@pytest.mark.parametrize(
    ("path", "counted"), [("/health/live", False), ("/plain", True), ("/x/health/", True)]
)
def test_excluded_paths(mode: str, path: str, counted: bool, settings: Any, stats: Captured) -> None:
    settings.STATSD_EXCLUDE = ["/health/", r"/favicon\.ico$"]
    get(mode, path)
    assert bool(len(stats)) == counted


def test_exempt_works_without_our_middlewares(rf: RequestFactory) -> None:
    @exempt
    def view(request: HttpRequest) -> bool:
        seen = observation.current.get()
        return seen is not None and seen.muted

    assert view(rf.get("/"))
    assert observation.current.get() is None


AUTH = [
    *OURS,
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


@pytest.mark.django_db
def test_a_user_that_the_view_looked_at_is_counted_with_no_query_of_ours(
    settings: Any, stats: Captured, django_assert_num_queries: Any
) -> None:
    settings.MIDDLEWARE = AUTH
    client = Client()
    client.force_login(get_user_model().objects.create_user("ann"))
    with django_assert_num_queries(0):
        client.get("/plain")
    assert counts(stats) == {"response.200": 1}
    stats.clear()
    with django_assert_num_queries(2):  # the session and the user, which the view asks for
        assert client.get("/who").content == b"ann"
    assert counts(stats) == {"response.200": 1, "response.auth.200": 1}
    stats.clear()
    assert Client().get("/who").content == b"AnonymousUser"
    assert counts(stats) == {"response.200": 1}


@pytest.mark.django_db(transaction=True)
def test_a_user_that_an_async_view_looked_at_is_counted(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = AUTH

    async def main() -> bytes:
        client = AsyncClient()
        await client.aforce_login(await get_user_model().objects.acreate(username="ann"))
        await client.get("/aplain")
        stats.assert_not("response.auth.200")
        response: Any = await client.get("/awho")
        return bytes(response.content)

    assert asyncio.run(main()) == b"ann"
    stats.assert_incr("response.auth.200", times=1)


def test_a_user_that_is_no_lazy_object(rf: RequestFactory, stats: Captured) -> None:
    request = rf.get("/")
    request.user = get_user_model()(username="ann")
    GraphiteMiddleware(views.plain)(request)
    stats.assert_incr("response.auth.200", times=1)


@pytest.mark.django_db(transaction=True)
def test_server_timing_shows_a_requests_own_numbers_under_debug(
    mode: str, settings: Any, patched: None, stats: Captured
) -> None:
    settings.STATSD_SERVER_TIMING = True
    assert "Server-Timing" not in get(mode, "/busy")[0].headers
    settings.DEBUG = True
    header = get(mode, "/busy")[0].headers["Server-Timing"]
    assert header.startswith("total;dur=")
    assert 'desc="2 queries"' in header
    assert 'desc="3 calls, 1 hits, 1 misses"' in header


@pytest.mark.django_db
def test_server_timing_is_for_staff(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE, settings.STATSD_SERVER_TIMING = AUTH, True
    for name, staff, active, shown in (("ann", True, True, True), ("bob", False, True, False)):
        user = get_user_model().objects.create_user(name, is_staff=staff, is_active=active)
        client = Client()
        client.force_login(user)
        assert ("Server-Timing" in client.get("/who").headers) == shown
        assert "Server-Timing" not in client.get("/plain").headers


def allow(request: HttpRequest) -> bool:
    return "please" in request.GET


@pytest.mark.parametrize("switch", [allow, f"{__name__}.allow"])
def test_server_timing_by_a_function_of_the_request(
    mode: str, switch: Any, settings: Any, stats: Captured
) -> None:
    settings.STATSD_SERVER_TIMING = switch
    assert "Server-Timing" in get(mode, "/plain?please")[0].headers
    assert "Server-Timing" not in get(mode, "/plain")[0].headers


def test_server_timing_comes_after_what_the_view_has(
    rf: RequestFactory, settings: Any, stats: Captured
) -> None:
    settings.STATSD_SERVER_TIMING = lambda request: True

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Server-Timing": "mine;dur=1"})

    response = GraphiteRequestTimingMiddleware(view)(rf.get("/"))
    assert response.headers["Server-Timing"].startswith("mine;dur=1, total;dur=")


def test_a_function_that_fails_costs_the_header_only(
    mode: str, settings: Any, stats: Captured, faults: dict[str, int]
) -> None:
    def fail(request: HttpRequest) -> bool:
        raise RuntimeError("no")

    settings.STATSD_SERVER_TIMING = fail
    response, content = get(mode, "/plain")
    assert (response.status_code, content) == (200, b"plain")
    assert "Server-Timing" not in response.headers
    assert counts(stats) == {"response.200": 1}
    assert len(times(stats)) == 3
    assert sum(faults.values()) == 1
    assert observation.current.get() is None


def test_tags(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_TAGS = "datadog"
    get(mode, "/plain")
    get(mode, "/raises/missing")
    stats.assert_incr("response.200", tags={"status": 200, "method": "GET"}, times=1)
    wanted = {"view": "tests.views.plain", "method": "GET", "status": 200}
    for name in ("view.tests.views.plain.GET", "view.tests.views.GET", "view.GET"):
        stats.assert_timing(name, tags=wanted)
    stats.assert_timing("view.GET", tags={"view": "tests.views.raises", "status": 404}, times=1)


def test_without_a_dialect_for_tags_there_are_none(mode: str, stats: Captured) -> None:
    get(mode, "/plain")
    stats.assert_incr("response.200", tags={}, times=1)


def test_tags_of_an_exception(rf: RequestFactory, settings: Any, stats: Captured) -> None:
    settings.STATSD_TAGS = "graphite"

    def view(request: HttpRequest) -> HttpResponse:
        raise Http404

    with pytest.raises(Http404):
        GraphiteRequestTimingMiddleware(GraphiteMiddleware(view))(rf.get("/"))
    stats.assert_timing("view.GET", tags={"status": 404, "view": "unresolved"})


@pytest.mark.django_db(transaction=True)
def test_each_requests_numbers_are_its_own(mode: str, settings: Any, patched: None, stats: Captured) -> None:
    settings.STATSD_SERVER_TIMING = lambda request: True
    headers = {path: get(mode, path)[0].headers["Server-Timing"] for path in ("/busy", "/plain", "/busy")}
    assert 'desc="2 queries"' in headers["/busy"]
    assert 'desc="0 queries"' in headers["/plain"]


def test_many_requests_at_once_have_an_observation_each(settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = OURS

    async def main() -> list[int]:
        client = AsyncClient()
        return [
            response.status_code
            for response in await asyncio.gather(*(client.get("/aplain") for _ in range(20)))
        ]

    assert asyncio.run(main()) == [200] * 20
    assert counts(stats) == {"response.200": 20}
    assert len(times(stats)) == 60


def test_one_middleware_alone_does_its_part(settings: Any, stats: Captured) -> None:
    for path, timed, counted in ((OURS[0], 3, 0), (OURS[1], 0, 1)):
        settings.MIDDLEWARE = [path]
        stats.clear()
        Client().get("/plain")
        assert (len(times(stats)), sum(counts(stats).values())) == (timed, counted)


def test_a_process_that_was_told_to_end_keeps_nothing_back(
    wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background.ending, "told", True)
    Client().get("/plain")
    assert b"response.200:1|c" in b"\n".join(wire.packets())


def test_a_fault_of_ours_is_not_the_requests(
    mode: str, monkeypatch: pytest.MonkeyPatch, stats: Captured, faults: dict[str, int]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(observation, "begin", fail)
    assert get(mode, "/plain")[1] == b"plain"
    assert sum(faults.values()) >= 1


def test_a_middleware_needs_to_say_what_it_does(rf: RequestFactory, faults: dict[str, int]) -> None:
    from django_metrics_statsd.observing import ObservingMiddleware

    assert ObservingMiddleware(views.plain)(rf.get("/")).status_code == 200

    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError("no")

    with pytest.raises(ValueError):
        ObservingMiddleware(view)(rf.get("/"))
    assert sum(faults.values()) == 2


class Unflushable(NullClient):
    def flush(self, timeout: float | None = None) -> bool:
        raise RuntimeError("no")


def test_a_fault_at_the_end_is_not_the_requests(
    mode: str, monkeypatch: pytest.MonkeyPatch, settings: Any, faults: dict[str, int]
) -> None:
    settings.STATSD_CLIENT = f"{__name__}.Unflushable"
    monkeypatch.setattr(background.ending, "told", True)
    assert get(mode, "/plain")[1] == b"plain"
    assert sum(faults.values()) == 1
