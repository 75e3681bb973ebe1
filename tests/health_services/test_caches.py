"""``caches`` and ``redis`` against memcached and Redis: up, down, slow, hanging."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django_redis.pool import ConnectionFactory

from django_metrics_statsd.health import runner
from django_metrics_statsd.health.checks import Caches, Memory, Redis
from tests.health_services.conftest import hanging
from tests.health_services.outcomes import (
    await_threads,
    clients,
    comes_down_to,
    is_reported_late,
    result_of,
    state_of,
)
from tests.services.harness import Server

CACHES = {
    "redis": ("django.core.cache.backends.redis.RedisCache", "url"),
    "memcached": ("django.core.cache.backends.memcached.PyMemcacheCache", "location"),
    "django_redis": ("django_redis.cache.RedisCache", "url"),
}


@pytest.fixture(params=sorted(CACHES))
def cached(request: Any, settings: Any) -> Iterator[Server]:
    """A server, with Django's cache `kept` in it."""
    backend, where = CACHES[request.param]
    name = request.param.removeprefix("django_")
    server: Server = request.getfixturevalue(f"{name}_server")
    options = {"timeout": 20, "connect_timeout": 20} if name == "memcached" else {}
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "kept": {"BACKEND": backend, "LOCATION": getattr(server, where), "OPTIONS": options},
    }
    yield server
    for pool in ConnectionFactory._pools.values():  # django-redis keeps its connections, for the process
        pool.disconnect()
    ConnectionFactory._pools.clear()


def test_a_cache_that_is_up_hangs_goes_down_and_comes_back(cached: Server) -> None:
    check = Caches(aliases=("kept",), timeout=20.0)
    assert state_of(check) == "ok"
    with hanging(cached):
        is_reported_late(Caches(aliases=("kept",), timeout=1.0), Memory(warn=0, fail=0))
    await_threads()
    assert state_of(check) == "ok"
    cached.stop()
    down = result_of(check)
    assert str(down.state) == "fail"
    assert down.message
    cached.start()
    assert state_of(check) == "ok"


def test_a_dummy_cache_cannot_be_checked(cached: Server) -> None:
    found = result_of(Caches(aliases=("default",)))
    assert str(found.state) == "skipped"
    assert "keeps nothing" in found.message


def test_no_connection_to_redis_is_left(redis_server: Any, settings: Any) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": redis_server.url}}
    before = clients(redis_server)
    checks = [Caches(), Redis(url=redis_server.url)]
    for _ in range(50):
        assert runner.run(checks, fresh=True).good
    assert comes_down_to(before, lambda: clients(redis_server))


def test_redis_is_written_to_and_forgets(redis_server: Any) -> None:
    found = result_of(Redis(url=redis_server.url))
    assert str(found.state) == "ok"
    assert found.details["version"]
    assert redis_server.ask("DBSIZE") == ":0"


def test_redis_hangs_goes_down_and_comes_back(redis_server: Any) -> None:
    check = Redis(url=redis_server.url, timeout=20.0)
    with hanging(redis_server):
        is_reported_late(Redis(url=redis_server.url, timeout=0.5), Memory(warn=0, fail=0))
    await_threads()
    assert state_of(check) == "ok"
    redis_server.stop()
    assert state_of(check) == "fail"
    redis_server.start()
    assert state_of(check) == "ok"


def test_a_redis_with_a_password_is_told_and_not_shown(redis_server: Any, settings: Any) -> None:
    redis_server.ask("CONFIG", "SET", "requirepass", "opensesame1")
    port = redis_server.port
    try:
        assert state_of(Redis(url=f"redis://:opensesame1@127.0.0.1:{port}/0")) == "ok"
        wrong = result_of(Redis(url=f"redis://:sesameopen1@127.0.0.1:{port}/0"))
        assert str(wrong.state) == "fail"
        for options in ({"password": "opensesame1"}, {"PASSWORD": "opensesame1"}):  # Django's, django-redis'
            backend = "django.core.cache.backends.redis.RedisCache"
            location = f"redis://127.0.0.1:{port}/0"
            settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": location, "OPTIONS": options}}
            assert state_of(Redis()) == "ok"
        assert "sesame" not in wrong.message + wrong.stacktrace + repr(Redis(url="redis://:opensesame1@x"))
    finally:
        with socket.create_connection(("127.0.0.1", port), 5) as link:
            link.sendall(b'AUTH opensesame1\r\nCONFIG SET requirepass ""\r\n')
            link.recv(100)


def test_a_full_redis_is_a_failure(redis_server: Any) -> None:
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        found = result_of(Redis(url=redis_server.url))
        assert str(found.state) == "fail"
        assert "maxmemory" in found.message
        assert state_of(Redis(url=redis_server.url, write=False)) == "ok"
    finally:
        redis_server.ask("CONFIG", "SET", "maxmemory", "0")


def test_a_slow_redis_is_late(redis_server: Any) -> None:
    with slowly(redis_server.port, 0.4) as port:
        slow = Redis(url=f"redis://127.0.0.1:{port}/0")
        assert result_of(slow).duration_ms > 400
        slow.timeout = 0.2
        assert state_of(slow) == "timeout"
        await_threads()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, "skipped"),
        ({"DASHBOARD_MESSENGER_URL": "url"}, "ok"),
        ({"WT_REDIS": "url"}, "ok"),
        ({"CACHES": "cache"}, "ok"),
    ],
)
def test_the_redis_of_the_settings_is_taken(
    redis_server: Any, settings: Any, changes: dict[str, str], found: str
) -> None:
    backend = "django.core.cache.backends.redis.RedisCache"
    values = {
        "url": redis_server.url,
        "cache": {"default": {"BACKEND": backend, "LOCATION": [redis_server.url]}},
    }
    for name, value in changes.items():
        setattr(settings, name, values[value])
    assert state_of(Redis()) == found


@contextmanager
def slowly(port: int, delay: float) -> Iterator[int]:
    """A port whose answers come from another one, `delay` seconds later."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, port, delay), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def _serve(listener: socket.socket, port: int, delay: float) -> None:
    while True:
        try:
            link, _ = listener.accept()
        except OSError:
            return
        with link, socket.create_connection(("127.0.0.1", port)) as server:
            link.settimeout(5)
            while data := _received(link):
                server.sendall(data)
                time.sleep(delay)
                link.sendall(server.recv(65_536))


def _received(link: socket.socket) -> bytes:
    try:
        return link.recv(65_536)
    except OSError:
        return b""


def test_the_check_of_redis_needs_no_package_but_its_client(
    redis_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msgspec", None)
    for name in [name for name in sys.modules if name.startswith("django_metrics_statsd.hits.")]:
        monkeypatch.delitem(sys.modules, name)
    assert state_of(Redis(url=redis_server.url)) == "ok"
