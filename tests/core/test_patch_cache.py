from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import CacheHandler, InvalidCacheBackendError, caches
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.db import connection

from django_metrics_statsd.observation import Observation, current
from django_metrics_statsd.patches.cache import patch
from django_metrics_statsd.patches.cache_outcomes import backend_name
from django_metrics_statsd.testing import Captured

BACKENDS = {
    "locmem": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "patch"},
    "filebased": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache"},
    "db": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache_table"},
    "dummy": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    "test_patch_cache": {"BACKEND": f"{__name__}.NativeAsync"},
}


class NativeAsync(LocMemCache):
    """A backend whose async functions are its own, not the sync ones in a thread."""

    async def aget(self, key: Any, default: Any = None, version: Any = None) -> Any:
        await asyncio.sleep(0)
        return LocMemCache.__dict__["get"].__wrapped__(self, key, default, version)

    async def aadd(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        await asyncio.sleep(0)
        return LocMemCache.__dict__["add"].__wrapped__(self, key, value, *args, **kwargs)


class Unlike:
    """A value such as a DataFrame: == gives no bool, and it has no truth."""

    def __eq__(self, other: object) -> bool:
        raise TypeError("compare me not")

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("I have no truth")


@pytest.fixture
def configured(settings: Any, tmp_path: Path) -> Iterator[None]:
    BACKENDS["filebased"]["LOCATION"] = str(tmp_path)
    settings.CACHES = {"default": BACKENDS["locmem"], **BACKENDS}
    patch.install()
    yield
    patch.uninstall()
    for cache in caches.all(initialized_only=True):
        if isinstance(cache, LocMemCache):
            cache.clear()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, configured: None) -> Iterator[str]:
    if request.param != "db":
        yield str(request.param)
        return
    request.getfixturevalue("transactional_db")
    call_command("createcachetable", verbosity=0)
    yield "db"
    connection.cursor().execute("DROP TABLE cache_table")


@pytest.fixture
def cache(backend: str) -> BaseCache:
    return caches[backend]


def hits(stats: Captured, backend: str) -> tuple[int, int]:
    hit = sum(record.value for record in stats.find("c", f"cache.{backend}.hit"))
    return hit, sum(record.value for record in stats.find("c", f"cache.{backend}.miss"))


def times(stats: Captured) -> list[str]:
    return [record.stat.rpartition(".")[2] for record in stats if record.kind == "ms"]


CALLS: dict[str, tuple[Any, ...]] = {
    "set": ("a", 1),
    "add": ("b", 2),
    "get": ("a",),
    "touch": ("a",),
    "has_key": ("a",),
    "get_or_set": ("c", 3),
    "set_many": ({"d": 4, "e": 5},),
    "get_many": (["d", "none"],),
    "delete_many": (["d", "e"],),
    "delete": ("b",),
    "clear": (),
}


def test_every_call_is_timed_once_under_its_backends_name(
    backend: str, cache: BaseCache, stats: Captured
) -> None:
    for operation, args in CALLS.items():
        getattr(cache, operation)(*args)
    assert times(stats) == list(CALLS)
    assert {record.stat.split(".")[1] for record in stats} == {backend}
    assert hits(stats, backend) == ((0, 4) if backend == "dummy" else (2, 2))


def test_every_async_call_is_timed_once_too(backend: str, cache: BaseCache, stats: Captured) -> None:
    async def main() -> None:
        for operation, args in CALLS.items():
            await getattr(cache, f"a{operation}")(*args)

    async_to_sync(main)()
    assert times(stats) == list(CALLS)
    assert hits(stats, backend) == ((0, 4) if backend == "dummy" else (2, 2))


def test_async_calls_have_the_names_of_the_sync_ones(cache: BaseCache, backend: str, stats: Captured) -> None:
    async_to_sync(cache.aget)("x")
    stats.assert_timing(f"cache.{backend}.get", times=1)


def test_counting_and_versions(cache: BaseCache, backend: str, stats: Captured) -> None:
    if backend == "dummy":
        with pytest.raises(ValueError):
            cache.incr("n")
        assert times(stats) == ["incr"]
        return
    cache.set("n", 1)
    stats.clear()
    assert (cache.incr("n", 4), cache.decr("n")) == (5, 4)
    assert (cache.incr_version("n"), cache.decr_version("n", version=2)) == (2, 1)
    assert times(stats) == ["incr", "decr", "incr_version", "decr_version"]
    assert hits(stats, backend) == (0, 0)
    with pytest.raises(ValueError):
        cache.incr("none")
    stats.assert_timing(f"cache.{backend}.incr", times=2)


VALUES: list[Any] = [0, "", [], False, 3]


@pytest.mark.parametrize("value", VALUES)
def test_a_stored_value_is_a_hit_whatever_it_is(configured: None, value: Any, stats: Captured) -> None:
    cache = caches["locmem"]
    cache.set("a", value)
    assert cache.get("a") == value
    assert hits(stats, "locmem") == (1, 0)


def test_a_default_is_a_miss_by_identity(configured: None, stats: Captured) -> None:
    cache, default = caches["locmem"], Unlike()
    assert cache.get("none") is None
    assert cache.get("none", default) is default
    assert cache.get("none", default=default) is default
    assert cache.get(key="none", default=default, version=3) is default
    assert hits(stats, "locmem") == (0, 4)


class Holding(LocMemCache):
    """Gives back the very objects it was given."""

    objects: dict[str, Any] = {}

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> None:
        self.objects[key] = value

    def get(self, key: str, default: Any = None, version: Any = None) -> Any:
        return self.objects.get(key, default)


def test_values_are_never_compared_or_asked_for_their_truth(settings: Any, stats: Captured) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.Holding"}}
    patch.install()
    try:
        cache, value = caches["default"], Unlike()
        cache.set("a", value)
        assert cache.get("a") is value
        assert cache.get("a", Unlike()) is value
        assert cache.get_or_set("a", 3) is value
        assert hits(stats, "test_patch_cache") == (3, 0)
    finally:
        Holding.objects.clear()
        patch.uninstall()


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_get_or_set_is_a_hit_or_a_miss_and_one_call(
    cache: BaseCache, backend: str, mode: str, stats: Captured
) -> None:
    for _ in range(2):
        if mode == "sync":
            cache.get_or_set("a", lambda: 3)
        else:
            async_to_sync(cache.aget_or_set)("a", lambda: 3)
    stats.assert_timing(f"cache.{backend}.get_or_set", times=2)
    assert hits(stats, backend) == ((0, 2) if backend == "dummy" else (1, 1))
    assert times(stats) == ["get_or_set"] * 2


def test_a_cache_call_inside_of_get_or_sets_function_is_part_of_it(configured: None, stats: Captured) -> None:
    cache = caches["locmem"]
    cache.get_or_set("a", lambda: cache.get("b"))
    assert times(stats) == ["get_or_set"]
    assert hits(stats, "locmem") == (0, 1)


def test_get_many_counts_each_key(configured: None, stats: Captured) -> None:
    cache = caches["locmem"]
    cache.set_many({"a": 1, "b": 2})
    assert cache.get_many(["a", "b", "c", "c"]) == {"a": 1, "b": 2}
    assert hits(stats, "locmem") == (2, 1)
    assert cache.get_many(key for key in ("a", "x")) == {"a": 1}
    assert cache.get_many(keys={"a", "y"}) == {"a": 1}
    assert hits(stats, "locmem") == (4, 2)
    assert cache.get_many([]) == {}
    assert hits(stats, "locmem") == (4, 2)


def test_a_call_that_fails_is_timed_and_fails(configured: None, stats: Captured) -> None:
    cache = caches["locmem"]
    with pytest.raises(TypeError):
        cache.get()  # type: ignore[call-arg]
    with pytest.raises((TypeError, AttributeError)):
        cache.set("a", threading.Lock())
    with pytest.raises(TypeError):
        asyncio.run(cache.aget())  # type: ignore[call-arg]
    assert times(stats) == ["get", "set", "get"]
    assert hits(stats, "locmem") == (0, 0)


def test_calls_in_other_tasks_and_threads_are_calls_of_their_own(configured: None, stats: Captured) -> None:
    cache = caches["locmem"]

    async def main() -> None:
        await asyncio.gather(*(cache.aget(str(each)) for each in range(10)))

    asyncio.run(main())
    threads = [threading.Thread(target=cache.get, args=("a",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats.assert_timing("cache.locmem.get", times=13)


def test_a_requests_observation_gets_its_numbers(configured: None, stats: Captured) -> None:
    cache = caches["locmem"]
    token = current.set(seen := Observation())
    try:
        cache.set("a", 1)
        cache.get_many(["a", "b", "c"])
        cache.get("a")
    finally:
        current.reset(token)
    assert (seen.cache_calls, seen.cache_hits, seen.cache_misses) == (3, 2, 2)
    assert seen.cache_ms == pytest.approx(sum(record.value for record in stats if record.kind == "ms"))


def test_muted_requests_emit_nothing(configured: None, stats: Captured) -> None:
    token = current.set(Observation(muted=True))
    try:
        caches["locmem"].get("a")
        asyncio.run(caches["locmem"].aget("a"))
    finally:
        current.reset(token)
    stats.assert_nothing()


def test_tags_tell_the_alias(configured: None, settings: Any, stats: Captured) -> None:
    settings.STATSD_TAGS = "datadog"
    caches["default"].get("a")
    caches["locmem"].get("a")
    stats.assert_timing("cache.locmem.get", tags={"alias": "default", "operation": "get"}, times=1)
    stats.assert_incr("cache.locmem.miss", tags={"alias": "locmem", "operation": "get"}, times=1)


def test_caches_that_were_made_before_are_timed_too(settings: Any, stats: Captured) -> None:
    settings.CACHES = {"default": BACKENDS["locmem"]}
    before = caches["default"]
    patch.install()
    try:
        before.get("a")
    finally:
        patch.uninstall()
    stats.assert_timing("cache.locmem.get", times=1)


def test_a_backend_that_is_configured_later_is_timed_too(
    configured: None, settings: Any, stats: Captured
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.Late"}}
    caches["default"].get("a")
    stats.assert_timing("cache.test_patch_cache.get", times=1)


class Late(LocMemCache):
    """Not in any settings when the patch is installed."""


class Odd:
    """A backend that is no BaseCache, with few functions and room for no attribute."""

    __slots__ = ()

    def __init__(self, location: str, params: Any) -> None:
        """Nothing to set up."""

    def get(self, key: str, default: Any = None) -> Any:
        return default

    def close(self) -> None:
        """Nothing to close."""


class OneTrip(LocMemCache):
    """Asks its server for get_or_set in one go, so nobody knows what it found."""

    def get_or_set(self, key: Any, default: Any, *args: Any, **kwargs: Any) -> Any:
        return default


def test_backends_that_are_odd(settings: Any, stats: Captured, faults: dict[str, int]) -> None:
    settings.CACHES = {
        "default": {"BACKEND": f"{__name__}.OneTrip"},
        "odd": {"BACKEND": f"{__name__}.Odd"},
    }
    patch.install()
    try:
        assert caches["odd"].get("a", 3) == 3
        assert caches["default"].get_or_set("a", 3) == 3
    finally:
        patch.uninstall()
    stats.assert_timing("cache.test_patch_cache.get", times=1)
    stats.assert_timing("cache.test_patch_cache.get_or_set", times=1)
    assert hits(stats, "test_patch_cache") == (0, 1)
    assert faults == {"patches.cache.install": 1}


def test_uninstalling_puts_every_function_back(settings: Any, stats: Captured) -> None:
    before = {cls: dict(vars(cls)) for cls in (BaseCache, LocMemCache, CacheHandler, Late)}
    settings.CACHES = {"default": BACKENDS["locmem"]}
    for _ in range(2):
        patch.install()
        caches["default"].get("a")
        patch.uninstall()
        assert {cls: dict(vars(cls)) for cls in before} == before
    stats.assert_timing("cache.locmem.get", times=2)
    caches["default"].get("a")
    stats.assert_timing("cache.locmem.get", times=2)


def test_a_backend_that_cannot_be_imported_is_left_to_django(
    settings: Any, stats: Captured, faults: dict[str, int]
) -> None:
    settings.CACHES = {"default": BACKENDS["locmem"], "bad": {"BACKEND": "no.such.Cache"}, "worse": {}}
    patch.install()
    try:
        caches["default"].get("a")
        with pytest.raises(InvalidCacheBackendError):
            caches["bad"]
    finally:
        patch.uninstall()
    stats.assert_timing("cache.locmem.get", times=1)
    assert set(faults) == {"patches.cache.install"}


def test_a_fault_of_ours_is_not_the_caches(
    configured: None, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    from django_metrics_statsd.clients import statsd

    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    statsd.incr("bound")
    monkeypatch.setattr(statsd, "timing", fail)
    monkeypatch.setattr(statsd, "incr", fail)
    caches["locmem"].set("a", 1)
    assert caches["locmem"].get("a") == 1
    assert asyncio.run(caches["locmem"].aget("a")) == 1
    assert faults.keys() == {"patches.cache"}
    assert faults["patches.cache"] >= 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("django.core.cache.backends.locmem", "locmem"),
        ("django.core.cache.backends.redis", "redis"),
        ("django.core.cache.backends.memcached", "memcached"),
        ("django_redis.cache", "django_redis"),
        ("mysite.caching.base", "mysite"),
        ("cache", "cache"),
    ],
)
def test_a_backend_is_named_by_its_module_or_its_package(path: str, name: str) -> None:
    assert backend_name(type("X", (), {"__module__": path})) == name
