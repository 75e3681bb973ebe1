"""Times every call of every cache, sync and async, and counts hits and misses.

``cache.{backend}.{operation}`` in milliseconds; ``cache.{backend}.hit`` and ``.miss`` for ``get``,
``get_or_set`` and each key of ``get_many``. A call that a cache makes on itself (``get_or_set`` calls ``get``)
is part of the outer one.

A hit is told by identity: the value is not the very default that was passed. Values are never compared or
tested for truth (a stored DataFrame may not like that), so a stored None read with the default None is a miss.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial, wraps
from inspect import iscoroutinefunction
from time import perf_counter
from typing import Any

from django.core.cache import CacheHandler, caches
from django.utils.module_loading import import_string

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.observation import current
from django_metrics_statsd.patches.base import Patch
from django_metrics_statsd.plan import planned
from django_metrics_statsd.safety import failed

OPERATIONS = (
    "get", "set", "add", "delete", "touch", "incr", "decr", "has_key", "clear",
    "get_or_set", "get_many", "set_many", "delete_many", "incr_version", "decr_version",
)  # fmt: skip
_VAGUE = frozenset({"base", "backend", "backends", "cache", "caches", "core", "main"})


class _Call:
    """The outermost call under way; `found` tells whether its first inner ``get`` found something."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: bool | None = None


_under_way: ContextVar[_Call | None] = ContextVar("metrics_cache_call", default=None)


def backend_name(cls: type) -> str:
    """Return a backend's name in stats: its module (``locmem``), or its package where that says nothing."""
    module = cls.__module__
    last = module.rpartition(".")[2]
    return module.partition(".")[0] if last in _VAGUE else last


def _default(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[1] if len(args) > 1 else kwargs.get("default")


def _wrap(original: Callable[..., Any], operation: str, backend: str) -> Callable[..., Any]:
    stat = f"cache.{backend}.{operation}"
    finish = _Finish(operation, stat, backend)
    reads = operation == "get"

    @wraps(original)
    def timed(self: Any, *args: Any, **kwargs: Any) -> Any:
        outer = _under_way.get()
        if outer is not None:
            value = original(self, *args, **kwargs)
            if reads and outer.found is None:
                outer.found = value is not _default(args, kwargs)
            return value
        call = _Call()
        token = _under_way.set(call)
        value = _NOTHING
        start = perf_counter()
        try:
            value = original(self, *args, **kwargs)
            return value
        finally:
            ms = 1000 * (perf_counter() - start)
            _under_way.reset(token)
            finish(self, call, args, kwargs, value, ms)

    @wraps(original)
    async def atimed(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _under_way.get() is not None:
            return await original(self, *args, **kwargs)
        call = _Call()
        token = _under_way.set(call)
        value = _NOTHING
        start = perf_counter()
        try:
            value = await original(self, *args, **kwargs)
            return value
        finally:
            ms = 1000 * (perf_counter() - start)
            _under_way.reset(token)
            finish(self, call, args, kwargs, value, ms)

    return atimed if iscoroutinefunction(original) else timed


_NOTHING: Any = object()


class _Finish:
    """Sends what one kind of call has to tell."""

    def __init__(self, operation: str, stat: str, backend: str) -> None:
        self.operation, self.stat, self.backend = operation, stat, backend
        self.hit, self.miss = f"cache.{backend}.hit", f"cache.{backend}.miss"

    def __call__(
        self,
        cache: Any,
        call: _Call,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        value: Any,
        ms: float,
    ) -> None:
        try:
            observation = current.get()
            if observation is not None:
                if observation.muted:
                    return
                observation.cache_calls += 1
                observation.cache_ms += ms
            tags = self._tags(cache) if planned.now.tags else None
            statsd.timing(self.stat, ms, 1, tags)
            if value is not _NOTHING:
                hits, misses = self._found(call, args, kwargs, value)
                if hits:
                    statsd.incr(self.hit, hits, 1, tags)
                if misses:
                    statsd.incr(self.miss, misses, 1, tags)
                if observation is not None:
                    observation.cache_hits += hits
                    observation.cache_misses += misses
        except Exception:
            failed("patches.cache")

    def _found(
        self, call: _Call, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any
    ) -> tuple[int, int]:
        if self.operation == "get":
            return (1, 0) if value is not _default(args, kwargs) else (0, 1)
        if self.operation == "get_or_set" and call.found is not None:
            return (1, 0) if call.found else (0, 1)
        if self.operation == "get_many":
            asked = args[0] if args else kwargs.get("keys", ())
            wanted = len(set(asked)) if hasattr(asked, "__len__") else len(value)
            return len(value), max(0, wanted - len(value))
        return 0, 0

    def _tags(self, cache: Any) -> dict[str, object]:
        alias = cache.__dict__.get("_metrics_alias", self.backend)
        return {"alias": alias, "operation": self.operation}


class CachePatch(Patch):
    """Times caches: each backend class, when the first cache of that class is made."""

    def apply(self) -> None:
        """Replace the functions of the configured backends, and look at each cache that is made later."""
        self._classes: set[type] = set()
        self.replace(CacheHandler, "create_connection", self._watch)
        for alias in caches.settings:
            self._add_configured(alias)

    def _add_configured(self, alias: str) -> None:
        try:
            self.add(import_string(caches.settings[alias]["BACKEND"]))
        except Exception:  # Django says what is wrong with CACHES when the cache is used
            failed("patches.cache.install")

    def _watch(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(original)
        def create_connection(handler: Any, alias: str) -> Any:
            made = original(handler, alias)
            try:
                self.add(type(made))
                made.__dict__["_metrics_alias"] = alias
            except Exception:
                failed("patches.cache.install")
            return made

        return create_connection

    def add(self, cls: type) -> None:
        """Time this backend class from now on."""
        if cls in self._classes:
            return
        self._classes.add(cls)
        backend = backend_name(cls)
        for operation in OPERATIONS:
            for name in (operation, f"a{operation}"):
                if callable(getattr(cls, name, None)):
                    self.replace(cls, name, partial(_wrap, operation=operation, backend=backend))


patch = CachePatch()
