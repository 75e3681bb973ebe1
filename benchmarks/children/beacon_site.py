"""An ordinary Django site with two views that answer 204 to a POST: one that does nothing, and ``record``.

A server starts it by ``wsgi()`` or ``asgi()``; what `SETTINGS` names in the environment is added to its
settings, as JSON. Without a server, it answers a counted number of requests, for callgrind.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SETTINGS = "BENCHMARK_SETTINGS"
EMPTY, RECORD, PAGE = "/services/timing/empty", "/services/timing/record", "/empty"

OURS = (
    "django_metrics_statsd.middleware.GraphiteMiddleware",
    "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
)
#: Those of ``startproject``, without the clickjacking one.
ORDINARY = (
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
_WARM_UP = 50
_A_SECOND = 100


def _settings() -> dict[str, Any]:
    return {
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django_metrics_statsd",
        ],
        "MIDDLEWARE": [*OURS, *ORDINARY],
        "ROOT_URLCONF": __name__,
        "SECRET_KEY": "benchmark",
        "STATSD_HOST": "127.0.0.1",
        "USE_TZ": True,
    }


def _set_up() -> None:
    """Configure the site; `urlpatterns` comes later, because the views need the settings."""
    settings.configure(**_settings() | json.loads(os.environ.get(SETTINGS, "{}")))
    django.setup()


def _patterns(empty: Callable[[HttpRequest], Any]) -> list[Any]:
    from django.urls import include, path
    from django.views.decorators.csrf import csrf_exempt

    view = csrf_exempt(empty)
    beacon = [path("services/timing/", include("django_metrics_statsd.urls"))]
    included = getattr(settings, "BENCHMARK_INCLUDED", True)
    return [
        path("services/timing/", include([path("empty", view)])),
        *(beacon if included else []),
        path("empty", view),
    ]


def empty(request: HttpRequest) -> HttpResponse:
    """The least a view can do."""
    from django.http import HttpResponse

    return HttpResponse(status=204)


async def aempty(request: HttpRequest) -> HttpResponse:
    """The same in an event loop."""
    return empty(request)


def wsgi() -> Any:
    """Return the site for gunicorn."""
    from django.core.handlers.wsgi import WSGIHandler

    _set_up()
    globals()["urlpatterns"] = _patterns(empty)
    return WSGIHandler()


def asgi() -> Any:
    """Return the site for uvicorn."""
    from django.core.handlers.asgi import ASGIHandler

    _set_up()
    globals()["urlpatterns"] = _patterns(aempty)
    return ASGIHandler()


def _environ(path: str, query: str, kind: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST" if kind else "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)) if kind else "",
        **{"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()},
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
    }


def _start_response(
    status: str, headers: list[tuple[str, str]], raised: object = None, /
) -> Callable[[bytes], object]:
    if not status.startswith("204"):
        raise RuntimeError(status)
    return bytes  # nobody uses the old way of writing a body


def counted(number: int, requests: list[dict[str, Any]]) -> None:
    """Answer `number` times each request, with a mark before, between and after them for callgrind."""
    from django_metrics_statsd.clients import statsd

    site = wsgi()

    def answer(url: str, kind: str, body: str, headers: dict[str, str]) -> None:
        path, _, query = url.partition("?")
        response = site(_environ(path, query, kind, body.encode(), headers), _start_response)
        for _ in response:
            pass
        response.close()

    for request in requests * _WARM_UP:
        answer(**request)
    statsd.flush(timeout=60)
    gc.collect()
    gc.freeze()
    mark = os.getloadavg
    mark()
    for request in requests:
        for turn in range(number):
            answer(**request)
            if turn % _A_SECOND == _A_SECOND - 1:
                statsd.flush(timeout=60)
        mark()


if __name__ == "__main__":
    counted(int(sys.argv[1]), json.loads(sys.argv[2]))
