"""Small servers on loopback: SMTP and HTTP, which can be made to refuse, to dawdle and to hang."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class MailHandler(socketserver.StreamRequestHandler):
    """Speaks as much of SMTP (RFC 5321) as a hello, a login, a message and a farewell need."""

    server: MailServer

    def handle(self) -> None:
        if self.server.hangs.is_set():
            self.server.released.wait(30)
            return
        self.say("220 loopback ESMTP")
        for line in iter(self.rfile.readline, b""):
            verb = line.split()[0].upper().decode() if line.split() else ""
            self.server.verbs.append(verb)
            if verb == "QUIT":
                self.say("221 bye")
                return
            self.answer(verb, line)

    def answer(self, verb: str, line: bytes) -> None:
        if verb == "EHLO":
            self.say("250-loopback\r\n250 AUTH PLAIN")
        elif verb == "AUTH":
            self.say("235 in" if self.server.lets_in else "535 not you")
        elif verb == "DATA":
            self.say("354 go on")
            for part in iter(self.rfile.readline, b".\r\n"):
                self.server.data.append(part)
            self.say("250 taken")
        else:
            self.say("250 fine" if self.server.well else "421 not today")

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailHandler)
        self.verbs: list[str] = []
        self.data: list[bytes] = []
        self.lets_in = self.well = True
        self.hangs, self.released = threading.Event(), threading.Event()


class WebHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        if self.path.startswith("/hangs"):
            server.released.wait(30)
        if self.path.startswith("/drips"):
            self.drip(server)
            return
        if (
            self.path.startswith("/auth")
            and self.headers["Authorization"] != "Basic c2hvcDpvcGVuIHNlc2FtZQ=="
        ):
            self.path = "/401"
        status = int(self.path.rpartition("/")[2].partition("?")[0] or 200)
        body = b"all is well" + b"." * 200_000
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "file:///etc/passwd")
        self.end_headers()
        if self.command == "GET":
            try:
                self.wfile.write(body)
            except OSError:  # the check has seen enough
                self.close_connection = True

    def drip(self, server: Any) -> None:
        self.send_response(200)
        self.end_headers()
        while not server.released.wait(2):
            try:
                self.wfile.write(b".")
            except OSError:
                break
        self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - http.server's own names

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class WebServer(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), WebHandler)
        self.released = threading.Event()


@contextmanager
def served(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
