"""Posts to one HTTP server over one kept connection, with time limits, and nothing else.

The storages send a few large bodies, one after the other, from one thread. The standard library's client does
that; what is added is to come back after a kept connection was closed, and errors that say what to do.
"""

from __future__ import annotations

import base64
import gzip
import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from socket import gaierror

from django_metrics_statsd.hits.storages.base import Unavailable

#: Bytes of an answer that are read; what is longer costs the connection.
_MAX_ANSWER = 65_536
_MAX_SAID = 300
#: The fastest level: it leaves a tenth of the bytes of hits, and takes 2 ms for a thousand of them.
_GZIP_LEVEL = 1


@dataclass(frozen=True)
class Server:
    """Where an HTTP server is, and how long to wait for it.

    Attributes:
        path: what its paths begin with, without a slash at the end; for one behind a proxy.
        verify: whether its certificate is looked at, or a file of CA certificates to look at it with.
        timeout: seconds for a connection, and for each answer.
    """

    host: str
    port: int
    tls: bool = False
    path: str = ""
    verify: bool | str = True
    timeout: float = 10.0

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{self.path}"

    def connection(self) -> HTTPConnection:
        """Return a connection that opens with its first request.

        Raises:
            OSError: `verify` is no file of certificates.
        """
        if not self.tls:
            return HTTPConnection(self.host, self.port, timeout=self.timeout)
        context = ssl.create_default_context(cafile=self.verify if isinstance(self.verify, str) else None)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection(self.host, self.port, timeout=self.timeout, context=context)


@dataclass(frozen=True)
class Answer:
    """What a server said: the status, and the body, without secrets."""

    status: int
    text: str


class Link:
    """One kept connection. Used by one thread at a time; a forked child opens its own.

    Args:
        server: where to.
        headers: what every request has, such as who asks.
        secrets: what no message may repeat, should the server say it.
    """

    def __init__(self, server: Server, headers: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        self.server = server
        self._headers = dict(headers)
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._connection: HTTPConnection | None = None
        self._pid = os.getpid()

    def post(self, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Post `body` to a path with its query, and return the answer, whatever its status.

        A kept connection may have been closed by the server meanwhile: then the request goes out once
        more on a new one, so what is posted has to bear being done twice.

        Raises:
            Unavailable: there is no answer; the message says why.
        """
        kept = self._pid == os.getpid() and self._connection is not None and self._connection.sock is not None
        try:
            return self._exchange(target, body, headers or {})
        except TimeoutError:
            self.close()
            raise Unavailable(f"{self.server} gave no answer within {self.server.timeout:g} s") from None
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a host that cannot be a name
            self.close()
            if kept and isinstance(error, ConnectionError | RemoteDisconnected):
                return self.post(target, body, headers)
            raise Unavailable(f"{self.server} cannot be reached: {_reason(error)}") from None

    def _exchange(self, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = self._open()
        connection.request("POST", self.server.path + target, body, {**self._headers, **headers})
        with connection.getresponse() as response:
            text = response.read(_MAX_ANSWER).decode(errors="replace")
            whole = response.isclosed() or not response.read(1)
        if not whole:
            self.close()
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return Answer(response.status, text)

    def _open(self) -> HTTPConnection:
        if self._connection is None or self._pid != os.getpid():
            self._connection, self._pid = self.server.connection(), os.getpid()
        return self._connection

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _reason(error: Exception) -> str:
    if isinstance(error, RemoteDisconnected):
        return "it closed the connection without an answer"
    if isinstance(error, gaierror):
        return f"the host is not known ({error.strerror})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__} {error}".strip()


def brief(text: str) -> str:
    """Return a server's words as they may stand in a message: on one line, and not long."""
    return " ".join(text.split())[:_MAX_SAID] or "no reason given"


def compressed(body: bytes) -> bytes:
    """Return the body as gzip."""
    return gzip.compress(body, _GZIP_LEVEL, mtime=0)


def basic(user: str, password: str) -> str:
    """Return the ``Authorization`` header of a user with a password (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
