"""Whether an address answers over HTTP."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django_metrics_statsd.health.checks.base import Check, Fail

#: Bytes of an answer that are read in search of a text.
MOST = 65_536


@dataclass(kw_only=True)
class Http(Check):
    """Asks an address, and looks at the status and, if wanted, for a text in the answer. Follows no redirect.

    Attributes:
        url: ``http://`` or ``https://``; certificates are verified.
        method: ``GET``, or ``HEAD`` where no text is looked for.
        status: the statuses that are well; unset, 200 to 299.
        text: what has to stand in the first 64 KiB of the answer.
        headers: headers to send.
        patience: seconds to wait for the connection, and for each part of the answer.
    """

    name: str = "http"
    url: str = field(default="", repr=False)
    method: str = "GET"
    status: int | tuple[int, ...] | None = None
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    patience: float = 3.0

    def __post_init__(self) -> None:
        super().__post_init__()
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise TypeError("the check needs a url that begins with http:// or https:// and names a host")
        if self.method not in {"GET", "HEAD"}:
            raise TypeError(f"the method is {self.method!r}; write GET or HEAD")

    def run(self) -> dict[str, Any]:
        """Ask."""
        parts = urlsplit(self.url)
        connection = _connection(parts, self.patience)
        try:
            connection.request(self.method, _target(parts), headers={"User-Agent": "health", **self.headers})
            return self._judge(connection.getresponse())
        except HTTPException as error:
            raise Fail(f"The answer is no HTTP: {type(error).__name__}.") from error
        finally:
            connection.close()

    def _judge(self, response: HTTPResponse) -> dict[str, Any]:
        found = response.status
        wanted = (self.status,) if isinstance(self.status, int) else self.status or range(200, 300)
        if found not in wanted:
            raise Fail(f"It answered {found} {response.reason}.", status=found)
        if self.text and self.text not in response.read(MOST).decode("utf-8", "replace"):
            raise Fail(f"It answered {found}, but without {self.text!r}.", status=found)
        return {"status": found}


def _connection(parts: SplitResult, patience: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, parts.port, timeout=patience, context=context)
    return HTTPConnection(host, parts.port, timeout=patience)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
