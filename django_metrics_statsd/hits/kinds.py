"""What the values of the hits' settings may be."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from django_metrics_statsd.kinds import Kind

#: Fields of a hit that ``WT_OMIT`` may name. The others are what a hit is.
OMITTABLE = (
    "user",
    "ip",
    "user_agent",
    "referer",
    "path",
    "is_authenticated",
    "is_staff",
    "is_superuser",
)
REDIS_KEYS = ("addr", "host", "port", "db", "username", "password", "url", "cluster")
OPERATIONS = frozenset("cud")

Network = IPv4Network | IPv6Network | None


def _slug(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.\-]{1,64}", value):
        return value
    raise ValueError("must be a name of 1 to 64 letters, digits, '.', '-' and '_'")


def _dictionary(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return dict(value)
    raise ValueError(f"must be a dictionary of {what}")


def _databases(value: Any) -> dict[str, dict[str, Any]]:
    found = {}
    for alias, options in _dictionary(value, "names and the options of each storage").items():
        if not re.fullmatch(r"[\w\-]{1,64}", alias):  # part of a stat's name, so no dot
            raise ValueError(f"has a storage called {alias!r}; write letters, digits, '-' and '_'")
        if not isinstance(options, Mapping) or not isinstance(options.get("type"), str):
            raise ValueError(f"has no 'type' in {alias!r}; write 'django', 'influxdb' or 'clickhouse'")
        found[alias] = dict(options)
    return found


def _redis(value: Any) -> dict[str, Any] | None:
    if value is None:
        return None
    options = _dictionary({"url": value} if isinstance(value, str) else value, "addr, db and the like")
    strange = sorted(set(options) - set(REDIS_KEYS))
    if strange:
        raise ValueError(f"has {strange[0]!r} in it; allowed are {', '.join(REDIS_KEYS)}")
    from django_metrics_statsd.hits.transports.address import read

    read(options)
    return options


def _stop(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError("must be True, False or None")


def _paths(value: Any) -> list[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of paths (a single one goes in brackets too, with a comma)")
    return [_path_pattern(item) for item in value]


def _path_pattern(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"holds {value!r}, which is no path")
    try:
        return re.compile(value if value.startswith("^") else "^" + re.escape(value)).pattern
    except re.error as error:
        raise ValueError(f"holds {value!r}, which is no regular expression: {error}") from None


def _networks(value: Any) -> tuple[Network, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of addresses or networks (a single one goes in brackets too)")
    return tuple(_network(item) for item in value)


def _network(value: Any) -> Network:
    if value == "unix":
        return None
    try:
        return ip_network(value, strict=False)
    except (ValueError, TypeError) as error:
        raise ValueError(f"holds {value!r}, which is no address or network: {error}") from None


def _path(value: Any) -> str | None:
    if value is None or (isinstance(value, str | Path) and str(value)):
        return None if value is None else os.fspath(value)
    raise ValueError("must be a path, or None")


def _registered(value: Any) -> list[tuple[str, frozenset[str]]]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of pairs such as ('shop.models.Book', ['c', 'u', 'd'])")
    return [_registration(item) for item in value]


def _registration(value: Any) -> tuple[str, frozenset[str]]:
    try:
        model, operations = value
        letters = frozenset(operations)
    except (TypeError, ValueError):
        raise ValueError(
            f"holds {value!r}, which is no pair such as ('shop.models.Book', ['c', 'u', 'd'])"
        ) from None
    if not isinstance(model, str) or "." not in model:
        raise ValueError(f"holds {model!r}, which is no model; write 'shop.models.Book' or 'shop.Book'")
    if not letters or not letters <= OPERATIONS:
        raise ValueError(f"holds {operations!r} for {model}; write a list of 'c', 'u' and 'd'")
    return model, letters


def _hooks(value: Any) -> dict[str, dict[str, Any]]:
    hooks = {}
    for name, options in _dictionary(value, "names and the options of each hook").items():
        if not isinstance(options, Mapping) or not isinstance(options.get("path"), str):
            raise ValueError(f"has no 'path' in {name!r}; write the dotted path of the hook's module")
        hooks[name] = dict(options)
    return hooks


def _model_names(value: Any) -> frozenset[str]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError("must be a list of model names (a single one goes in brackets too)")
    return frozenset(str(item) for item in value)


SLUG = Kind("name", _slug)
DATABASES = Kind("dict of storages", _databases)
REDIS = Kind("dict, or URL, or None", _redis)
STOP = Kind("bool or None", _stop)
PATHS = Kind("list of paths and regular expressions", _paths)
NETWORKS = Kind("list of addresses and networks", _networks)
PATH = Kind("path or None", _path)
REGISTERED = Kind("list of pairs of a model and a list of letters", _registered)
HOOKS = Kind("dict of hooks", _hooks)
MODEL_NAMES = Kind("list of model names", _model_names)
