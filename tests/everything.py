"""Makes the package emit every stat that it has of its own, over a real socket.

The docs' catalogue and the mapping file for Prometheus are held against what this finds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from typing import TYPE_CHECKING, NamedTuple

import celery
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.core.management import call_command
from django.db import connection
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.test import Client, RequestFactory, override_settings

from django_metrics_statsd.beacon.fields import (
    NAVIGATION_TYPE,
    RECORD_KEYS,
    REDIRECT_COUNT,
    SEGMENTS,
    THRESHOLDS,
    TIMING_KEYS,
)
from django_metrics_statsd.clients import statsd
from django_metrics_statsd.health import checks, runner
from django_metrics_statsd.loggers.errors import StatsdHandler
from django_metrics_statsd.middleware import GraphiteMiddleware
from django_metrics_statsd.patches import cache, db, models
from django_metrics_statsd.patches import celery as celery_patch
from tests import everything_urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

PATCHES = (db.patch, cache.patch, models.patch, celery_patch.patch)


class Line(NamedTuple):
    """One line as the server reads it. `tags` are DogStatsD's."""

    name: str
    kind: str
    tags: dict[str, str]


def read_line(text: str) -> Line:
    name, _, rest = text.partition(":")
    parts = rest.split("|")
    tags = next((part[1:] for part in parts[2:] if part.startswith("#")), "")
    return Line(name, parts[1], dict(pair.split(":", 1) for pair in tags.split(",") if pair))


def ask_views() -> None:
    client = Client(raise_request_exception=False)
    for pattern in everything_urls.urlpatterns:
        response = client.get(f"/{pattern.pattern}")
        if response.streaming:
            b"".join(response)
        response.close()
    client.get("/nowhere/")
    client.post("/plain/")
    client.generic("BREW", "/plain/")
    user = get_user_model()._default_manager.create_user("reader")
    client.force_login(user)
    client.get("/personal/")
    user.save()
    user.delete()


def be_cancelled() -> None:
    """What happens when a browser leaves while an async view works."""

    async def gone(request: HttpRequest) -> HttpResponse:
        raise asyncio.CancelledError

    async def ask() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await GraphiteMiddleware(gone)(RequestFactory().get("/"))

    asyncio.run(ask())


def ask_database() -> None:
    other = DatabaseWrapper({**connection.settings_dict, "NAME": ":memory:"}, "default")
    other.connect()
    # Django's own close() leaves a database in memory open.
    with contextlib.closing(other.connection), other.cursor() as cursor:
        cursor.execute("create table t (i integer)")
        cursor.executemany("insert into t values (%s)", [(1,), (2,)])
        cursor.execute("select i from t")
        with contextlib.suppress(Exception):  # SQLite has no procedures, but the call is timed
            cursor.callproc("store.restock")
        other.commit()
        other.rollback()


def ask_cache() -> None:
    books = caches["default"]
    arguments: dict[str, tuple[object, ...]] = {
        "clear": (), "get_many": (["a", "b"],), "set_many": ({"a": 1},), "delete_many": (["a"],),
        "set": ("n", 1), "add": ("n", 1), "get_or_set": ("n", 1),
    }  # fmt: skip
    for operation in cache.OPERATIONS:
        books.set("n", 1)
        getattr(books, operation)(*arguments.get(operation, ("n",)))
    books.get("never-there")


def write_log() -> None:
    logger = logging.getLogger("tests.everything")
    logger.setLevel(logging.DEBUG)
    handler = StatsdHandler()
    logger.addHandler(handler)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        logger.log(level, "something")
    try:
        raise KeyError("lost")
    except KeyError:
        logger.exception("something")
    logger.removeHandler(handler)


def run_tasks() -> None:
    app = celery.Celery("shop", broker="memory://", backend=None, set_as_current=False)

    @app.task(name="shop.tasks.restock", shared=False)  # of this app alone
    def restock(fail: bool) -> None:
        if fail:
            raise ValueError

    restock.apply_async((False,))
    restock.apply((False,))
    with contextlib.suppress(ValueError):
        restock.apply((True,))
    app.close()


def report_from_browsers() -> None:
    """One beacon of each client, and one that is refused."""
    client, url = Client(), "/services/timing/record"
    timing = {name: str(ms) for ms, name in enumerate(TIMING_KEYS)}
    navigation = {NAVIGATION_TYPE: "0", REDIRECT_COUNT: "1"}
    client.post(url, {"client": "stick", "page": "/plain/", **timing, **navigation})
    client.get(url, {"client": "boomerang", "rt.quit": ""})
    metrics = [{"name": name, "value": 1} for name in THRESHOLDS]
    client.post(url, json.dumps({"client": "vitals", "metrics": metrics}), "text/plain")
    client.post(url, {"client": "nobody"})


def check_health() -> None:
    """A check with parts and one without."""
    runner.run([checks.caches, checks.storage], fresh=True)


def emit_everything() -> None:
    ask_views()
    check_health()
    report_from_browsers()
    be_cancelled()
    ask_database()
    ask_cache()
    write_log()
    run_tasks()
    call_command("statsd_ping", verbosity=0)
    statsd.incr("")  # not a name, so that there is a drop to be told
    statsd.flush()
    statsd.incr("ping")
    statsd.flush()


@contextlib.contextmanager
def patched() -> Iterator[None]:
    try:
        for patch in PATCHES:
            patch.install()
        yield
    finally:
        for patch in PATCHES:
            patch.uninstall()


def emitted(tags: str | None = None) -> set[tuple[str, str]]:
    """The names and types of all stats, as they come out of a real socket."""
    return {(line.name, line.kind) for line in received(tags)}


def received(tags: str | None = None) -> list[Line]:
    """Every line of a run of everything. Needs the database."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)
        changed = override_settings(
            ROOT_URLCONF=everything_urls.__name__,
            STATSD_CLIENT="django_metrics_statsd.clients.buffered",
            STATSD_URL=f"udp://127.0.0.1:{server.getsockname()[1]}",
            STATSD_TELEMETRY=True,
            STATSD_LOG_LEVELS=True,
            STATSD_TAGS=tags,
            STATSD_RECORD_KEYS=list(RECORD_KEYS),
            STATSD_RECORD_SEGMENTS=list(SEGMENTS) if tags else [],  # else they would be parts of names
            LOGGING_CONFIG=settings.LOGGING_CONFIG,
        )
        with changed, quiet(), patched():
            try:
                emit_everything()
            finally:
                statsd.close()
        return [read_line(text) for packet in packets(server) for text in packet.splitlines()]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the log of failing requests off the terminal."""
    logger = logging.getLogger("django.request")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def packets(server: socket.socket) -> Iterator[str]:
    with contextlib.suppress(BlockingIOError):
        while True:
            yield server.recv(65536).decode("ascii")
