"""Services that answer, but slowly: within the limit they are fine, and above it they are late."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from django_metrics_statsd.health.checks import Caches, Databases
from tests.health_services.outcomes import await_threads, result_of, state_of
from tests.hits.databases import database

DELAY = 0.15


@contextmanager
def slowly(port: int) -> Iterator[int]:
    """A port whose answers come from another one, each a little later."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, port), daemon=True)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    accepting.join(10)


def _accept(listener: socket.socket, port: int) -> None:
    with suppress(OSError):
        while True:
            link, _ = listener.accept()
            with link, socket.create_connection(("127.0.0.1", port)) as server:
                there = threading.Thread(target=_pass_on, args=(link, server, 0.0))
                there.start()
                _pass_on(server, link, DELAY)
                there.join()


def _pass_on(source: socket.socket, target: socket.socket, delay: float) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            time.sleep(delay)
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def fine_and_late(check: Any) -> None:
    found = result_of(check)
    assert str(found.state) == "ok", found
    assert found.duration_ms > 1000 * DELAY
    check.timeout = DELAY / 2
    assert state_of(check) == "timeout"
    await_threads()


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_slow_database_is_late_where_it_may_not_take_so_long(
    request: Any, django_db_blocker: Any, name: str
) -> None:
    server = request.getfixturevalue(f"{name}_server")
    with slowly(server.port) as port, django_db_blocker.unblock():
        with database("kept", {**server.settings(), "PORT": port}, migrated=False) as alias:
            fine_and_late(Databases(aliases=(alias,), timeout=20.0))


def test_a_slow_memcached_is_late_where_it_may_not_take_so_long(memcached_server: Any, settings: Any) -> None:
    backend = "django.core.cache.backends.memcached.PyMemcacheCache"
    with slowly(memcached_server.port) as port:
        settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": f"127.0.0.1:{port}"}}
        fine_and_late(Caches(timeout=20.0))
