"""Times every call of every cache, sync and async, and counts hits and misses.

``cache.{backend}.{operation}`` in milliseconds; ``cache.{backend}.hit`` and ``.miss`` for ``get``,
``get_or_set`` and each key of ``get_many``. A call that a cache makes on itself (``get_or_set`` calls
``get``) is part of the outer one.

A hit is told by identity: the value is not the very default that was passed. Values are never compared
or tested for truth (a stored DataFrame may not like that), so a stored None read with the default None
is a miss.
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
from django_metrics_statsd.patches.cache_outcomes import (
    RAISED,
    TELLS,
    Tell,
    backend_name,
    default_of,
    tell_time,
)
from django_metrics_statsd.plan import planned
from django_metrics_statsd.safety import failed

OPERATIONS = (
    "get", "set", "add", "delete", "touch", "incr", "decr", "has_key", "clear",
    "get_or_set", "get_many", "set_many", "delete_many", "incr_version", "decr_version",
)  # fmt: skip

#: The outermost call under way in this context: `_BUSY`, or a list that takes what each inner ``get`` found.
_under_way: ContextVar[list[bool] | None] = ContextVar("metrics_cache_call", default=None)

_BUSY: list[bool] = []


def _wrap(original: Callable[..., Any], operation: str, backend: str) -> Callable[..., Any]:
    """Return `original` timed."""
    tell = TELLS.get(operation, tell_time)(operation, backend)
    if iscoroutinefunction(original):
        return _timed_coroutine(original, tell, operation == "get")
    if operation == "get":
        return _timed_get(original, tell, backend)
    return _timed(original, tell, operation in TELLS)


def _timed_get(original: Callable[..., Any], tell: Tell, backend: str) -> Callable[..., Any]:
    """Time ``get``. The hot path of this module: it says what it has to by itself, unless there are tags."""
    stat, hit, miss = f"cache.{backend}.get", f"cache.{backend}.hit", f"cache.{backend}.miss"
    enter, begin, leave, observed = _under_way.get, _under_way.set, _under_way.reset, current.get

    @wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        outer = enter()
        if outer is not None:
            value = original(*args, **kwargs)
            if outer is not _BUSY:
                outer.append(value is not default_of(args, kwargs))
            return value
        token = begin(_BUSY)
        value = RAISED
        start = perf_counter()
        try:
            value = original(*args, **kwargs) if kwargs else original(*args)
            return value
        finally:
            ms = 1000 * (perf_counter() - start)
            leave(token)
            try:
                if value is RAISED or planned.now.tags:
                    tell(ms, value, args, kwargs, _BUSY)
                else:
                    found = value is not (args[2] if len(args) > 2 else kwargs.get("default"))
                    observation = observed()
                    if observation is None or not observation.muted:
                        if observation is not None:
                            observation.cache_calls += 1
                            observation.cache_ms += ms
                            if found:
                                observation.cache_hits += 1
                            else:
                                observation.cache_misses += 1
                        statsd.timing(stat, ms)
                        statsd.incr(hit if found else miss)
            except Exception:
                failed("patches.cache")

    return timed


def _timed(original: Callable[..., Any], tell: Tell, listens: bool) -> Callable[..., Any]:
    """Time any other function; one that `listens` wants to know what its inner ``get`` found."""
    enter, begin, leave = _under_way.get, _under_way.set, _under_way.reset

    @wraps(original)
    def timed(*args: Any, **kwargs: Any) -> Any:
        if enter() is not None:
            return original(*args, **kwargs)
        inner = [] if listens else _BUSY
        token = begin(inner)
        value = RAISED
        start = perf_counter()
        try:
            value = original(*args, **kwargs) if kwargs else original(*args)
            return value
        finally:
            ms = 1000 * (perf_counter() - start)
            leave(token)
            tell(ms, value, args, kwargs, inner)

    return timed


def _timed_coroutine(original: Callable[..., Any], tell: Tell, reads: bool) -> Callable[..., Any]:
    @wraps(original)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        outer = _under_way.get()
        if outer is not None:
            value = await original(*args, **kwargs)
            if reads and outer is not _BUSY:
                outer.append(value is not default_of(args, kwargs))
            return value
        inner: list[bool] = []
        token = _under_way.set(inner)
        value = RAISED
        start = perf_counter()
        try:
            value = await original(*args, **kwargs)
            return value
        finally:
            ms = 1000 * (perf_counter() - start)
            _under_way.reset(token)
            tell(ms, value, args, kwargs, inner)

    return timed


class CachePatch(Patch):
    """Times caches: each configured backend class, and any other when the first cache of it is made."""

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
