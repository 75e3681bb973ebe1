"""An HTTP server on loopback that answers what it is told and keeps what it is asked."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Asked:
    """One request."""

    target: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass
class Loopback:
    """What the server is to answer, and what it was asked.

    Attributes:
        hang_up: close each connection after its answer without saying so, as a server does that waited long.
    """

    port: int = 0
    status: int = 204
    text: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def loopback(**said: Any) -> Iterator[Loopback]:
    """Serve while the block runs."""
    state = Loopback(**said)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            state.asked.append(Asked(self.path, dict(self.headers), body, self.client_address))
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            if state.status != 204:
                self.send_header("Content-Length", str(len(state.text)))
            self.end_headers()
            if state.status != 204:
                self.wfile.write(state.text)
            self.close_connection = state.hang_up

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
