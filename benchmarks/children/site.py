"""A Django site of two views, bare or with one of the instrumentations on, called without sockets."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse

HOST = "127.0.0.1"
QUERIES = 5

#: What each of our parts is switched on by. ``ours`` alone is all of them, ``ours:tags`` all
#: of them with tags written, and ``idle`` does nothing.
MIDDLEWARE = {
    "idle": f"{__name__}.idle",
    "counts": "django_metrics_statsd.middleware.GraphiteMiddleware",
    "times": "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
    "hits": "django_metrics_statsd.hits.middleware.HitsMiddleware",
}
#: With hits, ``carried`` has them made, packed and sent to Redis whenever stats are flushed; without, they
#: wait, and only what happens in requests is measured.
HITS = {
    "SITE_SLUG": "benchmark",
    "WT_STOP": False,
    "WT_FREQUENCY": 3_600.0,
    "WT_BATCH": 100_000,
    "WT_BUFFER": 1_000_000,
}
PATCHES = {
    "db": "django_metrics_statsd.patches.db",
    "cache": "django_metrics_statsd.patches.cache",
}


def empty(request: HttpRequest) -> HttpResponse:
    """The least a view can do."""
    from django.http import HttpResponse

    return HttpResponse(b"")


def busy(request: HttpRequest) -> HttpResponse:
    """Five queries and ten cache calls."""
    from django.core.cache import cache
    from django.db import connection
    from django.http import HttpResponse

    for number in range(QUERIES):
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM page WHERE id = %s", [number])
            cursor.fetchone()
        cache.get("known")
        cache.get("unknown") if number % 2 else cache.set("known", number)
    return HttpResponse(b"")


def idle(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """The least a middleware can do."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware


def _urlpatterns() -> list[Any]:
    from django.urls import path

    return [path("empty/", empty), path("busy/", busy)]


def _settings() -> dict[str, Any]:
    return {
        "ALLOWED_HOSTS": ["*"],
        "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "INSTALLED_APPS": [],
        "MIDDLEWARE": [],
        "ROOT_URLCONF": __name__,
        "SECRET_KEY": "benchmark",
        "USE_TZ": True,
    }


def _nothing() -> None:
    """Flush for those that keep nothing back."""


def _bare(parts: list[str], port: int) -> dict[str, Any]:
    return {}


def _ours(parts: list[str], port: int) -> dict[str, Any]:
    tags = "datadog" if parts == ["tags"] else None
    if tags or not parts:
        parts = ["counts", "times", *PATCHES]
    apps = ["django_metrics_statsd", "django_metrics_statsd.hits"]
    return {
        **(HITS if "hits" in parts else {}),
        **({"WT_REDIS": {"addr": f"{HOST}:{os.environ['REDIS_PORT']}"}} if "carried" in parts else {}),
        "STATSD_TAGS": tags,
        "INSTALLED_APPS": apps if "hits" in parts else apps[:1],
        "MIDDLEWARE": [path for part, path in MIDDLEWARE.items() if part in parts],
        "STATSD_PATCHES": [path for part, path in PATCHES.items() if part in parts],
        "STATSD_HOST": HOST,
        "STATSD_PORT": port,
    }


def _django_prometheus(parts: list[str], port: int) -> dict[str, Any]:
    engine, backend = "django_prometheus.db.backends.sqlite3", "django_prometheus.cache.backends"
    return {
        "INSTALLED_APPS": ["django_prometheus"],
        "MIDDLEWARE": [
            "django_prometheus.middleware.PrometheusBeforeMiddleware",
            "django_prometheus.middleware.PrometheusAfterMiddleware",
        ],
        "DATABASES": {"default": {"ENGINE": engine, "NAME": ":memory:"}},
        "CACHES": {"default": {"BACKEND": f"{backend}.locmem.LocMemCache"}},
    }


def _django_statsd(parts: list[str], port: int) -> dict[str, Any]:
    return {
        "INSTALLED_APPS": ["django_statsd"],
        "MIDDLEWARE": [
            "django_statsd.middleware.StatsdMiddleware",
            "django_statsd.middleware.StatsdMiddlewareTimer",
        ],
        "STATSD_HOST": HOST,
        "STATSD_PORT": port,
        "STATSD_TRACK_MIDDLEWARE": True,
        "STATSD_TRACK_DATABASE": True,
    }


_SETTINGS: dict[str, Callable[[list[str], int], dict[str, Any]]] = {
    "bare": _bare,
    "ours": _ours,
    "django-prometheus": _django_prometheus,
    "django-statsd": _django_statsd,
    "opentelemetry": _bare,
}


class _Discard:
    """A span exporter that sends nothing, so that no protocol's cost is in the figures."""

    def export(self, spans: object) -> None:
        """Take spans."""

    def shutdown(self) -> None:
        """Have nothing to close."""


def _instrument() -> Callable[[], object]:
    """Switch OpenTelemetry on: spans and metrics, whose exporters send nothing."""
    from opentelemetry import metrics, trace
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Discard()))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
    SQLite3Instrumentor().instrument()
    DjangoInstrumentor().instrument()
    flush: Callable[[], object] = provider.force_flush
    return flush


def _flusher(name: str, parts: str) -> Callable[[], object]:
    if name == "opentelemetry":
        return _instrument()
    if "carried" in parts:
        from django_metrics_statsd.hits.road import road

        return lambda: road.flush(timeout=600)
    if name == "ours":
        from django_metrics_statsd.clients import statsd

        return lambda: statsd.flush(timeout=60)
    return _nothing


class Site:
    """The site, set up for one peer; ``ours:db,cache`` is ours with only these parts.

    Args:
        peer: whose instrumentation is on.
        port: where stats go on the loopback.
        more: further settings.
    """

    def __init__(self, peer: str, port: int, **more: Any) -> None:
        name, _, parts = peer.partition(":")
        chosen = _SETTINGS[name](parts.split(",") if parts else [], port)
        settings.configure(**_settings() | chosen | more)
        self.flush = _flusher(name, parts)
        django.setup()
        globals()["urlpatterns"] = _urlpatterns()
        _fill()
        self._handler = _handler()

    def get(self, path: str) -> None:
        """Send one GET request through the handler, as a WSGI server does."""
        body = self._handler(_environ(path), _start_response)
        for _ in body:
            pass
        body.close()


def _fill() -> None:
    from django.core.cache import cache
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE page (id integer PRIMARY KEY, body text)")
        cursor.executemany("INSERT INTO page VALUES (%s, %s)", [(n, "text") for n in range(9)])
    cache.set("known", 0)


def _handler() -> WSGIHandler:
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


def _environ(path: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": HOST,
        "HTTP_HOST": "testserver",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
    }


def _start_response(
    status: str, headers: list[tuple[str, str]], raised: object = None, /
) -> Callable[[bytes], object]:
    if not status.startswith("200"):
        raise RuntimeError(status)
    return bytes  # nobody uses the old way of writing a body
