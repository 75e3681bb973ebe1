"""A site whose status is asked, without sockets: ours, django-watchman's or django-health-check's.

All check one database, one cache and one storage.
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from benchmarks.children.serve import serve

URL = "/status/"
CHECKS = ("Cache", "Database", "Storage")


def database(folder: str) -> dict[str, Any]:
    """Return PostgreSQL where its port is in the environment, else a file of SQLite."""
    port = os.environ.get("POSTGRESQL_PORT")
    if port is None:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder, "site.sqlite3"))}
    place = {"HOST": "127.0.0.1", "PORT": port, "USER": "postgres", "NAME": "postgres"}
    return {"ENGINE": "django.db.backends.postgresql", **place}


def of(peer: str) -> tuple[list[str], dict[str, Any]]:
    """Return a peer's apps and settings."""
    name, _, part = peer.partition(":")
    if name == "ours":
        own = {"WATCHMAN_CACHE_SECONDS": 5.0 if part == "shared" else 0.0, "WATCHMAN_HISTORY": 0}
        apps = ["django_metrics_statsd", "django_metrics_statsd.health"]
        return apps, {**own, "STATSD_CLIENT": "django_metrics_statsd.clients.null"}
    return (["watchman"], {}) if name == "watchman" else (["health_check"], {})


def view_of(peer: str) -> Any:
    """Return a peer's view of the status."""
    name = peer.partition(":")[0]
    if name == "ours":
        from django_metrics_statsd.health.views import status

        return status
    if name == "watchman":
        from watchman.views import status as watchman_status

        return watchman_status
    from health_check.views import HealthCheckView

    return HealthCheckView.as_view(checks=[f"health_check.checks.{each}" for each in CHECKS])


class Counts:
    """What a call sets going: statements, connections, threads."""

    def __init__(self) -> None:
        self.statements = self.connections = self.threads = 0
        self._watch_connections()
        self._watch_threads()

    def _watch_connections(self) -> None:
        from django.db.backends.signals import connection_created

        connection_created.connect(self._connected, weak=False)

    def _connected(self, connection: Any, **kwargs: Any) -> None:
        self.connections += 1
        if self._execute not in connection.execute_wrappers:  # it keeps them when it connects anew
            connection.execute_wrappers.append(self._execute)

    def _execute(self, execute: Any, *args: Any) -> Any:
        self.statements += 1
        return execute(*args)

    def _watch_threads(self) -> None:
        start = threading.Thread.start

        def started(thread: threading.Thread) -> None:
            self.threads += 1
            start(thread)

        setattr(threading.Thread, "start", started)  # noqa: B010 - a type checker would rather not


def environ() -> dict[str, Any]:
    """Return one request, as WSGI has it."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": URL,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_ACCEPT": "application/json",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }


def ask(handler: Any) -> None:
    """Ask for the status once."""
    found: list[str] = []
    response = handler(environ(), lambda status, _: found.append(status))
    b"".join(response)
    response.close()
    if not found[0].startswith("200"):
        raise RuntimeError(found[0])


def main(peer: str) -> None:
    """Serve rounds: of `number` calls, milliseconds for one and what it sets going."""
    with TemporaryDirectory() as folder:
        apps, own = of(peer)
        settings.configure(
            ALLOWED_HOSTS=["*"],
            DATABASES={"default": database(folder)},
            CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
            INSTALLED_APPS=apps,
            MEDIA_ROOT=folder,
            ROOT_URLCONF=__name__,
            SECRET_KEY="benchmark",
            **own,
        )
        from django.core.wsgi import get_wsgi_application
        from django.urls import path

        handler = get_wsgi_application()
        globals()["urlpatterns"] = [path(URL[1:], view_of(peer))]
        counts = Counts()
        ask(handler)

        def round_(number: int) -> dict[str, float]:
            before = counts.statements, counts.connections, counts.threads
            times = []
            for _ in range(number):
                start = time.perf_counter()
                ask(handler)
                times.append(time.perf_counter() - start)
            after = counts.statements, counts.connections, counts.threads
            each = [(now - then) / number for now, then in zip(after, before, strict=True)]
            names = ("statements", "connections", "threads")
            return {"ms": 1000 * statistics.median(times), **dict(zip(names, each, strict=True))}

        serve(round_)


if __name__ == "__main__":
    main(*sys.argv[1:])
