"""Which Redis server: ``WT_REDIS`` in its several forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

SCHEMES = ("redis", "rediss", "unix")
DEFAULT_PORT = 6379


@dataclass(frozen=True)
class RedisAddress:
    """A Redis server. The password shows in no ``repr``."""

    url: str = field(repr=False)
    shown: str
    cluster: bool = False


def read(options: Mapping[str, Any]) -> RedisAddress:
    """Read ``WT_REDIS``: a ``url``, or ``addr`` ("host:port") or ``host`` and ``port``, ``db``, ``password``.

    Raises:
        ValueError: it cannot be read; the message says what is wrong.
    """
    cluster = options.get("cluster", False)
    if not isinstance(cluster, bool):
        raise ValueError(f"has cluster {cluster!r}; write True or False")
    if "url" in options:
        return _from_url(options, cluster=cluster)
    host, port = _place(options)
    db = _whole(options.get("db", 0), "db", 0, 1_000_000)
    secret = _credentials(options.get("username"), options.get("password"))
    shown = f"redis://{host}:{port}/{db}"
    return RedisAddress(f"redis://{secret}{host}:{port}/{db}", shown, cluster)


def _from_url(options: Mapping[str, Any], *, cluster: bool) -> RedisAddress:
    others = sorted(set(options) - {"url", "cluster"})
    if others:
        raise ValueError(f"has both url and {others[0]}; write one of them")
    url = options["url"]
    if not isinstance(url, str):
        raise ValueError("has a url that is no text")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"has a url that cannot be read ({error})") from None
    if parts.scheme not in SCHEMES or not (parts.hostname or parts.path):
        raise ValueError(
            "has another url than redis://host:6379/0, rediss://host:6379/0 or unix:///path.sock"
        )
    place = f"{parts.hostname or ''}{f':{port}' if port else ''}{parts.path}"
    return RedisAddress(url, f"{parts.scheme}://{place}", cluster)


def _place(options: Mapping[str, Any]) -> tuple[str, int]:
    host, port = options.get("host", "localhost"), options.get("port", DEFAULT_PORT)
    if "addr" in options:
        if "host" in options or "port" in options:
            raise ValueError("has both addr and host or port; write one of them")
        host, colon, port = str(options["addr"]).rpartition(":")
        if not colon or not host:
            raise ValueError(f"has addr {options['addr']!r}; write 'host:port', such as 'localhost:6379'")
    if not isinstance(host, str) or not host or set(host) & set("/@ "):
        raise ValueError(f"has host {host!r}; write a name or an address")
    bare = host.strip("[]")
    return (f"[{bare}]" if ":" in bare else bare), _whole(port, "port", 1, 65_535)


def _whole(value: Any, name: str, low: int, high: int) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
        return number
    raise ValueError(f"has {name} {value!r}; write a whole number from {low} to {high}")


def _credentials(username: Any, password: Any) -> str:
    from urllib.parse import quote

    if not username and not password:
        return ""
    return f"{quote(str(username or ''), safe='')}:{quote(str(password or ''), safe='')}@"
