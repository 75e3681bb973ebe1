"""Where stats go: one URL form for every way to reach a StatsD server."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

SCHEMES = ("udp", "udp6", "tcp", "tcp6", "unix", "unixstream")
DEFAULT_PORT = 8125
ALLOWED = (
    "udp://host:8125, udp6://[::1]:8125, tcp://host:8125, unix:///path/to.sock or unixstream:///path/to.sock"
)


@dataclass(frozen=True)
class Address:
    """A StatsD server's address. `host` and `port` are for the network, `path` for Unix sockets."""

    scheme: str
    host: str = ""
    port: int = DEFAULT_PORT
    path: str = ""

    @property
    def is_stream(self) -> bool:
        """Whether bytes flow in a connection (TCP, Unix stream) rather than in datagrams."""
        return self.scheme in {"tcp", "tcp6", "unixstream"}

    @property
    def is_unix(self) -> bool:
        """Whether this is a path on this machine."""
        return self.scheme.startswith("unix")

    def __str__(self) -> str:
        if self.is_unix:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse(url: str) -> Address:
    """Read a server URL.

    Raises:
        ValueError: the URL has another form; the message says which forms there are.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"cannot be read ({error}); write one of {ALLOWED}") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"has the scheme {parts.scheme!r}; write one of {ALLOWED}")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"has more than a place in it; write one of {ALLOWED}")
    if parts.scheme.startswith("unix"):
        return _unix(parts.scheme, parts.netloc, parts.path)
    if not parts.hostname:
        raise ValueError(f"names no host; write one of {ALLOWED}")
    return Address(parts.scheme, parts.hostname, DEFAULT_PORT if port is None else port)


def _unix(scheme: str, netloc: str, path: str) -> Address:
    if netloc or len(path) < 2:
        raise ValueError(f"needs an absolute path after three slashes, as in {scheme}:///run/statsd.sock")
    if len(path.encode()) > 107:  # sun_path, unix(7)
        raise ValueError("is longer than the 107 bytes that a Unix socket's path may have")
    return Address(scheme, path=path)
