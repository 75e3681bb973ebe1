"""How a stat gets its name: views, methods, statuses, characters, tags. All of it bounded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MethodType
from typing import Any

from django_metrics_statsd.safety import failed

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"})
OTHER_METHOD = "OTHER"
OVERFLOW = "_overflow"
UNRESOLVED = ("unresolved", "")

#: Names longer than this are refused: Graphite keeps one folder or file (255 bytes at most) per part.
MAX_NAME = 250
_CACHE_SIZE = 8192
_BAD = re.compile(r"[^A-Za-z0-9_.\-]")
_SPACE = re.compile(r"\s+")

Tags = tuple[tuple[str, str], ...]


class Names:
    """Cleans names the way Etsy's daemon does and puts the prefix before them; remembers the results.

    Spaces become ``_`` and slashes ``-``, as in statsd/stats.js; what else is not a letter, digit,
    ``_``, ``-`` or ``.`` becomes ``_`` too, so no name can end a line or begin a value.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix + "." if prefix and not prefix.endswith(".") else prefix
        self._known: dict[str, str] = {}

    def __call__(self, stat: str) -> str:
        """Return the full, clean name, or ``""`` for what cannot be a name."""
        known = self._known.get(stat)
        if known is not None:
            return known
        if len(stat) > MAX_NAME:  # and such keys are not to be kept
            return ""
        name = self._make(stat)
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        self._known[stat] = name
        return name

    def _make(self, stat: str) -> str:
        if not stat.strip(". "):
            return ""
        return clean(self._prefix + stat)


def clean(text: str) -> str:
    """Replace what may not stand in a name."""
    return _BAD.sub("_", _SPACE.sub("_", text).replace("/", "-"))


class TagValues:
    """Lets the first `limit` values of each tag through; later ones become ``_overflow``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: dict[str, set[str]] = {}

    def __call__(self, key: str, value: str) -> str:
        """Return `value`, or the overflow bucket's name once the tag has too many values."""
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= self._limit:
                return OVERFLOW
            seen = self._seen[key] = set()
        if value in seen:
            return value
        if len(seen) >= self._limit:
            return OVERFLOW
        seen.add(value)
        return value


class Frozen(tuple[tuple[str, str], ...]):
    """Tags that are clean to keep: pairs of plain strings that nobody can change any more."""

    __slots__ = ()


NO_TAGS = Frozen()
_frozen: dict[Any, Frozen] = {}


def freeze_tags(tags: Any) -> Frozen:
    """Copy a caller's tags, given as a mapping, as pairs, or as ``["key:value"]``.

    What cannot be read becomes no tags, and the log says so once. The same tags are read only once, where
    they are plain strings: those are equal only if they are written alike, which other values need not be.
    """
    if tags.__class__ is Frozen:
        return tags
    try:
        pairs = tuple(tags.items() if isinstance(tags, Mapping) else _split(tags))
        known = _frozen.get(pairs)
        return _freeze(pairs) if known is None else known
    except Exception:  # whatever the methods of the host's objects do, it is not for the caller
        return _freeze_odd(tags)


def _freeze(pairs: tuple[Any, ...]) -> Frozen:
    frozen = Frozen((str(key), str(value)) for key, value in pairs)
    if all(key.__class__ is str and value.__class__ is str for key, value in pairs):
        if len(_frozen) >= _CACHE_SIZE:
            _frozen.clear()
        _frozen[pairs] = frozen
    return frozen


def _freeze_odd(tags: Any) -> Frozen:
    """Freeze tags with a value that has no hash; give up on what cannot be read at all."""
    try:
        return _freeze(tuple(tags.items() if isinstance(tags, Mapping) else _split(tags)))
    except Exception:
        failed("tags")
        return NO_TAGS


def _split(tags: Any) -> Iterable[tuple[object, object]]:
    for tag in [tags] if isinstance(tags, str) else tags:
        if isinstance(tag, str):
            key, _, value = tag.partition(":")
            yield key, value
        else:
            yield tag


def method_name(method: str | None) -> str:
    """Return the HTTP method, or ``OTHER`` for one that RFC 9110 and RFC 5789 do not define."""
    return method if method in METHODS else OTHER_METHOD


def status_name(status: int) -> str:
    """Return a response's status, or ``other`` for what RFC 9110 knows no class of."""
    return str(status) if 100 <= status <= 599 else "other"


def view_name(view: Callable[..., Any]) -> tuple[str, str]:
    """Return a view's module and name.

    Sees through class-based views (``view_class``), REST framework views and viewsets (``cls``,
    ``actions``), partials and decorators that use ``functools.wraps``. A bound method (the admin's) is
    named with its class, and any other callable object by its class.
    """
    found = _described(view)
    while found is None:
        inner = _inner(view)
        if inner is None:
            return _plain(view)
        view = inner
        found = _described(view)
    return found


def _described(view: Any) -> tuple[str, str] | None:
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if not isinstance(cls, type):
        return None
    name = cls.__qualname__.replace(".<locals>", "")
    if name.rpartition(".")[2] != cls.__name__:  # renamed: REST framework's @api_view does so
        name = cls.__name__
    return cls.__module__, name


def _inner(view: Any) -> Any:
    if isinstance(view, MethodType):  # what its function wraps would not know the object any more
        return None
    if isinstance(view, partial):
        return view.func
    return getattr(view, "__wrapped__", None)


def _plain(view: Any) -> tuple[str, str]:
    owner = getattr(view, "__self__", None)
    name = getattr(view, "__name__", None)
    if owner is not None and not isinstance(owner, type) and name:
        return type(owner).__module__, f"{type(owner).__name__}.{name}"
    if name:
        return getattr(view, "__module__", None) or "unknown", name
    return type(view).__module__, type(view).__name__


def action_name(view: Any, method: str) -> str:
    """Return the viewset's action for this HTTP method (``list``, ``create``), or ``""``."""
    actions = getattr(view, "actions", None)
    if not isinstance(actions, Mapping):
        return ""
    return str(actions.get(method.lower(), ""))
