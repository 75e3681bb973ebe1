"""What a setting's value may be: each kind cleans a value or says what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Generic, TypeVar, cast

from django_metrics_statsd import address

T = TypeVar("T")

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of value: what the docs call it, and a function that cleans a value or raises ValueError."""

    label: str
    clean: Callable[[Any], T]


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("must be True or False")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("must be a string")


def _url(value: Any) -> str | None:
    if value is None:
        return None
    address.parse(_text(value))
    return str(value)


def _dotted(value: Any) -> str:
    if isinstance(value, str) and "." in value and _MODULE.fullmatch(value):
        return value
    raise ValueError(f"must be a dotted path such as 'package.function'; {value!r} is not one")


def _module(value: Any) -> str:
    if isinstance(value, str) and _MODULE.fullmatch(value):
        return value
    raise ValueError(f"must be a dotted path such as 'package.module'; {value!r} is not one")


def _dotted_list(value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of dotted paths (a single one goes in brackets too)")
    return [_module(item) for item in value]


def _clients(value: Any) -> list[str]:
    return [_module(value)] if isinstance(value, str) else _dotted_list(value)


def _patterns(value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of regular expressions (a single one goes in brackets too)")
    return [_pattern(item) for item in value]


def _pattern(value: Any) -> str:
    try:
        return re.compile(_text(value)).pattern
    except re.error as error:
        raise ValueError(f"holds {value!r}, which is no regular expression: {error}") from None


def _tags(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a dictionary of tag names and values, such as {'env': 'prod'}")
    return {_text(key): str(item) for key, item in value.items()}


def _origin(value: Any) -> str:
    text = _text(value).lower().rstrip("/")
    if re.fullmatch(r"https?://[^\s/?#@]+", text):
        return text
    raise ValueError(f"holds {value!r}, which is no origin; write it as 'https://www.example.com'")


def _origins(value: Any) -> frozenset[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of origins (a single one goes in brackets too)")
    return frozenset(_origin(item) for item in value)


Guard = str | Callable[..., Any]


def _guards(value: Any) -> list[Guard]:
    if value is None:
        return []
    if isinstance(value, str) or callable(value):
        return [_guard(value)]
    if isinstance(value, Iterable):
        return [_guard(item) for item in value]
    raise ValueError("must be None, a function of the request, its dotted path, or a list of these")


def _guard(value: Any) -> Guard:
    return cast("Callable[..., Any]", value) if callable(value) else _dotted(value)


def _country(value: Any) -> str | Callable[..., Any] | None:
    if value is None or callable(value):
        return cast("Callable[..., Any] | None", value)
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]+", value):
        return "HTTP_" + value.upper().replace("-", "_")
    return _Late(_dotted(value))


def _switch(value: Any) -> bool | Callable[..., Any]:
    if isinstance(value, bool):
        return value
    if iscoroutinefunction(value):
        raise ValueError("must not be a coroutine function: write a plain one")
    if callable(value):
        return cast("Callable[..., Any]", value)
    return _Late(_dotted(value))


class _Late:
    """A callable named by its dotted path, imported when it is first called."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(self, *args: Any) -> Any:
        from django.utils.module_loading import import_string

        return import_string(self.path)(*args)


def _anything(value: Any) -> Any:
    return value


def whole(low: int, high: int) -> Kind[int]:
    """A whole number from `low` to `high`; digits in a string count, as environment variables give them."""

    def clean(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
        if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
            return number
        raise ValueError(f"must be a whole number from {low} to {high}")

    return Kind(f"int, {low} to {high}", clean)


def number(low: float, high: float) -> Kind[float]:
    """A number from `low` to `high`, whole or not."""

    def clean(value: Any) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        raise ValueError(f"must be a number from {low:g} to {high:g}")

    return Kind(f"float, {low:g} to {high:g}", clean)


def one_of(*allowed: str | None) -> Kind[str | None]:
    """One of a few words."""
    words = ", ".join(map(repr, allowed))

    def clean(value: Any) -> str | None:
        if (value is None or isinstance(value, str)) and value in allowed:
            return value
        raise ValueError(f"must be one of {words}")

    return Kind(f"one of {words}", clean)


def words(what: str, *allowed: str) -> Kind[tuple[str, ...]]:
    """A list of words out of a fixed number; `what` names them in the docs."""

    def clean(value: Any) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise ValueError("must be a list (a single word goes in brackets too)")
        items = list(value)
        strange = [item for item in items if item not in allowed]
        if strange:
            raise ValueError(f"holds {strange[0]!r}; allowed are {', '.join(allowed)}")
        return tuple(dict.fromkeys(items))

    return Kind(f"list of {what}", clean)


BOOLEAN = Kind("bool", _boolean)
TEXT = Kind("str", _text)
URL = Kind("str or None", _url)
DOTTED_LIST = Kind("list of dotted paths", _dotted_list)
CLIENTS = Kind("dotted path, or list of them", _clients)
PATTERNS = Kind("list of regular expressions", _patterns)
TAGS = Kind("dict of str", _tags)
SWITCH = Kind("bool, callable or dotted path", _switch)
ORIGINS = Kind("list of origins", _origins)
GUARDS = Kind("callable, dotted path, list of these, or None", _guards)
COUNTRY = Kind("header, callable, dotted path, or None", _country)
ANYTHING = Kind("object", _anything)


def _levels(value: Any) -> frozenset[str]:
    known = ("debug", "info", "warning", "error", "critical")
    if isinstance(value, bool):
        return frozenset(known) if value else frozenset()
    if not isinstance(value, str) and isinstance(value, Iterable):
        names = frozenset(str(item).lower() for item in value)
        if names <= frozenset(known):
            return names
    raise ValueError(f"must be True, False or a list of level names out of {', '.join(known)}")


LEVELS = Kind("bool or list of level names", _levels)
