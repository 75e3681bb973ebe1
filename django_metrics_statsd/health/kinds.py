"""What the values of the health checks' settings may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django_metrics_statsd.kinds import Kind

#: One entry of a list of checks: a dotted path or short name, that with options, or the check itself.
Spec = str | tuple[str, tuple[tuple[str, Any], ...]] | Callable[..., Any]

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_LABEL = re.compile(r"[\w-]{1,64}")
_NOT_A_LIST = "must be a list or tuple (a single one goes in brackets too, in a tuple with a comma)"


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise ValueError(_NOT_A_LIST)
    return list(value)


def _checks(value: Any) -> list[Spec]:
    return [_check(item) for item in _listed(value)]


def _check(value: Any) -> Spec:
    if callable(value):
        return cast("Callable[..., Any]", value)
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    if isinstance(value, tuple | list) and len(value) == 2:
        path, options = value
        if isinstance(path, str) and _NAME.fullmatch(path) and isinstance(options, Mapping):
            return path, tuple((str(key), option) for key, option in options.items())
    raise ValueError(
        f"holds {value!r}, which is no check; write 'package.module.check', or a pair of that and a "
        "dictionary of options"
    )


def _checks_or_none(value: Any) -> list[Spec] | None:
    return None if value is None else _checks(value)


def _groups(value: Any) -> dict[str, list[Spec]]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a dictionary of a name and a list of checks for each group")
    return {_label(name): _checks(specs) for name, specs in value.items()}


def _label(value: Any) -> str:
    if isinstance(value, str) and _LABEL.fullmatch(value):
        return value
    raise ValueError(f"has a group called {value!r}; write letters, digits, '-' and '_'")


def _probes(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("must be a dictionary of paths and groups, such as {'/readyz': 'ready'}")
    for path, group in value.items():
        if not isinstance(path, str) or not path.startswith("/"):
            raise ValueError(f"has the path {path!r}; paths begin with '/'")
        _label(group)
    return dict(value)


def _token(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise ValueError("must be a string, or None")


def _tokens(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value.split(",") if isinstance(value, str) else _listed(value)
    if not all(isinstance(item, str) for item in items):
        raise ValueError("must be a list of strings, or one string with commas between the tokens")
    return tuple(item.strip() for item in items if item.strip())


def _decorator(value: Any) -> str | Callable[..., Any] | None:
    if value is None or callable(value):
        return cast("Callable[..., Any] | None", value)
    if isinstance(value, str) and "." in value and _NAME.fullmatch(value):
        return value
    raise ValueError("must be the dotted path of a decorator, or None for no protection at all")


def _aliases(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(str(item) for item in _listed(value))


def _addresses(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in _listed(value))


def _status(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599:
        return value
    raise ValueError("must be an HTTP status from 200 to 599, or None")


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _seconds(value: Any) -> float:
    if value is None:
        return 5.0
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600:
        return float(value)
    raise ValueError("must be a number of seconds from 0 to 3600, or None")


def _rows(value: Any) -> int:
    if value is None:
        return 100
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000:
        return value
    raise ValueError("must be a whole number from 0 to 10000, or None")


CHECKS = Kind("list of checks, or None", _checks_or_none)
GROUPS = Kind("dict of groups of checks", _groups)
PROBES = Kind("dict of paths and groups", _probes)
TOKEN = Kind("str or None", _token)
TOKENS = Kind("list of str, or str with commas, or None", _tokens)
DECORATOR = Kind("dotted path, callable, or None", _decorator)
ALIASES = Kind("list of aliases, or None", _aliases)
ADDRESSES = Kind("list of addresses", _addresses)
STATUS = Kind("int, 200 to 599, or None", _status)
TEXT = Kind("str or None", _text_or_none)
SECONDS = Kind("float, 0 to 3600, or None", _seconds)
ROWS = Kind("int, 0 to 10000, or None", _rows)
