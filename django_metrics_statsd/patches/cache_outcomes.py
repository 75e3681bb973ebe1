"""What a finished cache call has to tell: its time and, if it read, what it found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.names import Frozen, freeze_tags
from django_metrics_statsd.observation import current
from django_metrics_statsd.plan import planned
from django_metrics_statsd.safety import failed

#: Last parts of module names that do not tell one backend from another.
_VAGUE = frozenset({"base", "backend", "backends", "cache", "caches", "core", "main"})

#: The value of a call that raised.
RAISED: Any = object()

#: Takes the milliseconds, the value, the call's arguments (the cache first), and what inner ``get`` found.
Tell = Callable[[float, Any, Any, Any, list[bool]], None]

#: Where the default stands among the arguments of ``get``, after the cache and the key.
_DEFAULT: Final = 2


def backend_name(cls: type) -> str:
    """Return a backend's name in stats: its module (``locmem``), or its package where that says nothing."""
    module = cls.__module__
    last = module.rpartition(".")[2]
    return module.partition(".")[0] if last in _VAGUE else last


def default_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[_DEFAULT] if len(args) > _DEFAULT else kwargs.get("default")


def tell_time(operation: str, backend: str) -> Tell:
    """Return what sends a call's time; it says whether the request is to be heard at all."""
    stat = f"cache.{backend}.{operation}"

    def tell(ms: float, value: Any, args: Any, kwargs: Any, inner: Any) -> None:
        try:
            observation = current.get()
            if observation is not None:
                if observation.muted:
                    return
                observation.cache_calls += 1
                observation.cache_ms += ms
            if planned.now.tags:
                statsd.timing(stat, ms, 1, _tags(args[0], operation))
            else:
                statsd.timing(stat, ms)
        except Exception:
            failed("patches.cache")

    return tell


def _tell_found(find: Callable[[Any, Any, Any, list[bool]], tuple[int, int]]) -> Callable[[str, str], Tell]:
    """Return what sends a call's time and the hits and misses that `find` makes out."""

    def make(operation: str, backend: str) -> Tell:
        timed = tell_time(operation, backend)

        def tell(ms: float, value: Any, args: Any, kwargs: Any, inner: list[bool]) -> None:
            timed(ms, value, args, kwargs, inner)
            try:
                if value is not RAISED:
                    _count(args[0], backend, operation, *find(value, args, kwargs, inner))
            except Exception:
                failed("patches.cache")

        return tell

    return make


def _count(cache: Any, backend: str, operation: str, hits: int, misses: int) -> None:
    observation = current.get()
    if observation is not None:
        if observation.muted:
            return
        observation.cache_hits += hits
        observation.cache_misses += misses
    tags = _tags(cache, operation) if planned.now.tags else None
    for outcome, number in (("hit", hits), ("miss", misses)):
        if number:
            statsd.incr(f"cache.{backend}.{outcome}", number, 1, tags)


def _in_get(value: Any, args: Any, kwargs: Any, inner: list[bool]) -> tuple[int, int]:
    return (1, 0) if value is not default_of(args, kwargs) else (0, 1)


def _in_get_or_set(value: Any, args: Any, kwargs: Any, inner: list[bool]) -> tuple[int, int]:
    if not inner:
        return 0, 0
    return (1, 0) if inner[0] else (0, 1)  # the first get; a second one reads back what was set


def _in_get_many(value: Any, args: Any, kwargs: Any, inner: list[bool]) -> tuple[int, int]:
    asked = args[1] if len(args) > 1 else kwargs.get("keys", ())
    # An iterator has been used up by now, and says no more how many keys it had.
    wanted = len(set(asked)) if hasattr(asked, "__len__") else len(value)
    return len(value), max(0, wanted - len(value))


def _tags(cache: Any, operation: str) -> Frozen:
    alias = cache.__dict__.get("_metrics_alias") or backend_name(type(cache))
    return freeze_tags({"alias": alias, "operation": operation})


TELLS = {
    "get": _tell_found(_in_get),
    "get_or_set": _tell_found(_in_get_or_set),
    "get_many": _tell_found(_in_get_many),
}
