"""Which Redis server: ``WT_REDIS`` in its several forms. No message shows its values: some are secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

SCHEMES = ("redis", "rediss", "unix")
DEFAULT_PORT = 6379
URLS = "redis://host:6379/0, rediss://host:6379/0 or unix:///path.sock"
#: What a URL's query may say to the client; the rest is ours to decide.
IN_QUERY = ("db", "username", "password")

_HOST = re.compile(r"[^/@?#\s\[\]]+")


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
        raise ValueError("has a cluster that is neither True nor False")
    if "url" in options:
        return _from_url(options, cluster=cluster)
    host, port = _place(options)
    db = _whole(options.get("db", 0), "db", 0, 1_000_000)
    secret = _credentials(options.get("username"), options.get("password"))
    return RedisAddress(f"redis://{secret}{host}:{port}/{db}", f"redis://{host}:{port}/{db}", cluster)


def _from_url(options: Mapping[str, Any], *, cluster: bool) -> RedisAddress:
    others = sorted(set(options) - {"url", "cluster"})
    if others:
        raise ValueError(f"has both url and {others[0]}; write one of them")
    url = options["url"]
    if not isinstance(url, str):
        raise ValueError("has a url that is no text")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(
            f"has a url that cannot be read; write {URLS}, and a password with '/', '#' or '@' in it as %2F, "
            "%23 or %40"
        ) from None
    if parts.scheme not in SCHEMES or not (host or parts.path) or parts.fragment or "@" in parts.path:
        raise ValueError(f"has another url than {URLS}")
    _check_query(parts.query)
    place = parts.path
    if parts.scheme != "unix":
        place = f"{host}{f':{port}' if port else ''}{_database(parts.path)}"
    return RedisAddress(url, f"{parts.scheme}://{place}", cluster)


def _database(path: str) -> str:
    number = path.strip("/")
    if number and not number.isdecimal():
        raise ValueError(f"has a url whose path is no number of a database; write {URLS}")
    return path


def _check_query(query: str) -> None:
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name not in IN_QUERY and not name.startswith("ssl_"):
            allowed = ", ".join(IN_QUERY)
            raise ValueError(f"has {name[:40]!r} in its url's query; allowed are {allowed} and ssl_…")


def _place(options: Mapping[str, Any]) -> tuple[str, int]:
    host, port = options.get("host", "localhost"), options.get("port", DEFAULT_PORT)
    if "addr" in options:
        if "host" in options or "port" in options:
            raise ValueError("has both addr and host or port; write one of them")
        host, colon, port = str(options["addr"]).rpartition(":")
        if not colon or not host:
            raise ValueError("has an addr without a port; write 'host:port', such as 'localhost:6379'")
    bare = host[1:-1] if isinstance(host, str) and host.startswith("[") and host.endswith("]") else host
    if not isinstance(bare, str) or not _HOST.fullmatch(bare) or (":" in bare and not _is_ipv6(bare)):
        raise ValueError(
            "has a host that is no name or address; user and password go beside it, or into a url"
        )
    return (f"[{bare}]" if ":" in bare else bare), _whole(port, "port", 1, 65_535)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _whole(value: Any, name: str, low: int, high: int) -> int:
    number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else value
    if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
        return number
    raise ValueError(f"has a {name} that is no whole number from {low} to {high}")


def _credentials(username: Any, password: Any) -> str:
    if not username and not password:
        return ""
    return f"{quote(str(username or ''), safe='')}:{quote(str(password or ''), safe='')}@"
