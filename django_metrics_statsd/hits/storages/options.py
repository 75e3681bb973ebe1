"""Reads a storage's options in ``WT_DATABASES``, and names what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django_metrics_statsd import kinds
from django_metrics_statsd.kinds import Kind

Allowed = Mapping[str, Kind[Any]]
Problem = tuple[str, str]

SECRETS = frozenset({"password", "token"})


def _plain(value: Any) -> str:
    if isinstance(value, str) and value.isprintable():
        return value
    raise ValueError("must be a string without control characters")


def _name(value: Any) -> str:
    if _plain(value):
        return str(value)
    raise ValueError("must not be empty")


def _host(value: Any) -> str:
    name = _name(value)
    if re.fullmatch(r"[^\s:/@\[\]]+|[0-9A-Fa-f:.]+(%\w+)?", name):
        return name
    raise ValueError("must be a name or an address alone, with the port in 'port'")


def _secret(value: Any) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return value
    raise ValueError("must be a string of printable ASCII characters")


def _url(value: Any) -> str:
    try:
        parts = urlsplit(_name(value))
        good = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port)
    except ValueError as error:
        raise ValueError(f"cannot be read ({error})") from None
    if not good or parts.query or parts.fragment:
        raise ValueError("must be a URL such as 'https://influx.example:8086'")
    if parts.username is not None:
        raise ValueError("must be a URL without a user in it, as that would be logged")
    return str(value)


def _verify(value: Any) -> bool | str:
    if isinstance(value, bool) or (isinstance(value, str) and value):
        return value
    raise ValueError("must be True, False or the path of a file of CA certificates")


PLAIN = Kind("str", _plain)
NAME = Kind("name", _name)
HOST = Kind("host's name or address", _host)
SECRET = Kind("str", _secret)
HTTP_URL = Kind("http or https URL", _url)
VERIFY = Kind("bool or path", _verify)
PORT = kinds.whole(1, 65_535)
TIMEOUT = kinds.number(0.05, 600)


def wrong(alias: str, options: Mapping[str, Any], allowed: Allowed) -> Iterator[Problem]:
    """Yield what is unknown among the options, and what has a value that it cannot have."""
    for key, value in options.items():
        if key == "type":
            continue
        if key not in allowed:
            hint = f"Remove it; there are {', '.join(sorted(allowed))}."
            yield f"WT_DATABASES[{alias!r}] has an option {key!r}, which is not known.", hint
            continue
        try:
            allowed[key].clean(value)
        except ValueError as error:
            shown = "" if key in SECRETS or "@" in str(value) else f" is {value!r} and"
            yield f"{key!r} in WT_DATABASES[{alias!r}]{shown} {error}.", f"Write a {allowed[key].label}."


def missing(alias: str, options: Mapping[str, Any], *required: str) -> Iterator[Problem]:
    """Yield which of the options that cannot be done without are not there."""
    for key in required:
        if key not in options:
            yield f"WT_DATABASES[{alias!r}] has no {key!r}.", f"Add {key!r} to WT_DATABASES[{alias!r}]."


def cleaned(options: Mapping[str, Any], allowed: Allowed, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as their kinds have them, with the defaults for those left out."""
    given = {key: allowed[key].clean(value) for key, value in options.items() if key in allowed}
    return {**defaults, **given}
