"""The db patch on real PostgreSQL and the cache patch on real Redis and memcached."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services.scenario import play

if TYPE_CHECKING:
    from tests.services.daemon import StatsDaemon
    from tests.services.stores import Memcached, PostgreSQL, Redis

pytestmark = pytest.mark.service

# Operations of the scenarios in project/stores.py, and how often each happens there.
DATABASE = {
    "connect": 2,
    "commit": 1,
    "rollback": 1,
    "callproc.pg_backend_pid": 1,
    "execute.create": 1,
    "execute.select": 2,
    "execute.update": 1,
    "execute.delete": 1,
    "execute.insert": 1,
    "execute.values": 1,
    "executemany.insert": 1,
}
CACHE = {
    "get": 5,
    "set": 2,
    "get_many": 1,
    "set_many": 1,
    "get_or_set": 1,
    "incr": 1,
    "add": 1,
    "delete": 1,
    "touch": 1,
    "has_key": 1,
    "clear": 1,
}
ANSWERS = [None, "default", "value", {"name": "value"}, 2, False, 5, True, True, True, [1, None]]


@pytest.mark.parametrize("pool", [False, True], ids=["plain", "pool"])
def test_postgresql(pool: bool, daemon: StatsDaemon, postgresql: PostgreSQL) -> None:
    database = postgresql.settings(**({"pool": {"min_size": 1, "max_size": 3}} if pool else {}))
    report = play("database", "yes" if pool else "no", url=daemon.url, DATABASES={"default": database})
    assert report["answers"] == [3, 1, True]
    assert report["pooled"] is pool
    assert counts(daemon, "db.psql.default.") == DATABASE


CACHES = {
    "redis": "django.core.cache.backends.redis.RedisCache",
    "django-redis": "django_redis.cache.RedisCache",
    "memcached": "django.core.cache.backends.memcached.PyMemcacheCache",
}
NAMES = {"redis": "redis", "django-redis": "django_redis", "memcached": "memcached"}


@pytest.mark.parametrize("kind", CACHES)
def test_cache(kind: str, daemon: StatsDaemon, redis_server: Redis, memcached: Memcached) -> None:
    location = memcached.location if kind == "memcached" else f"{redis_server.url}/1"
    caches = {"default": {"BACKEND": CACHES[kind], "LOCATION": location}}
    report = play("cache", "default", url=daemon.url, CACHES=caches)
    assert report["answers"] == ANSWERS
    assert counts(daemon, f"cache.{NAMES[kind]}.") == CACHE
    found = daemon.counters()
    assert found == {f"cache.{NAMES[kind]}.hit": 3, f"cache.{NAMES[kind]}.miss": 5}


def counts(daemon: StatsDaemon, start: str) -> dict[str, int]:
    """How often each timer under this name was sent."""
    timers = daemon.timers()
    assert all(name.startswith(start) for name in timers)
    return {name.removeprefix(start): timer.count for name, timer in timers.items()}
