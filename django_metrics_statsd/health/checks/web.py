"""Whether an address answers over HTTP."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django_metrics_statsd.health.checks.base import Check, Fail
from django_metrics_statsd.health.conf import conf

#: Bytes of an answer that are read in search of a text.
MOST = 65_536
_UNFIT = re.compile(r"[\x00-\x20\x7f]")


@dataclass(kw_only=True)
class Http(Check):
    """Asks an address, and looks at the status and, if wanted, for a text in the answer. Follows no redirect.

    Attributes:
        url: ``http://`` or ``https://``; certificates are verified, a name and password in it are sent.
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
        if _UNFIT.search(self.url):
            raise TypeError("the check's url has a space or a control character in it; write %20 for a space")
        if self.method not in {"GET", "HEAD"}:
            raise TypeError(f"the method is {self.method!r}; write GET or HEAD")

    def run(self) -> dict[str, Any]:
        """Ask."""
        parts = urlsplit(self.url)
        connection = _connection(parts, self.patience)
        try:
            headers = {"User-Agent": "health", **_authorization(parts), **self.headers}
            connection.request(self.method, _target(parts), headers=headers)
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
        if self.text and not self._is_in(response):
            raise Fail(f"It answered {found}, but without {self.text!r}.", status=found)
        return {"status": found}

    def _is_in(self, response: HTTPResponse) -> bool:
        """Read until the text is there, for no longer than the check may take: an answer may drip."""
        read, end = b"", monotonic() + (self.timeout or conf.WATCHMAN_TIMEOUT)
        while len(read) < MOST and monotonic() < end and (more := response.read1(MOST - len(read))):
            read += more
        return self.text.encode() in read


def _authorization(parts: SplitResult) -> dict[str, str]:
    """Return the header for a name and password in the URL (RFC 7617)."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _connection(parts: SplitResult, patience: float) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, parts.port, timeout=patience, context=context)
    return HTTPConnection(host, parts.port, timeout=patience)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
