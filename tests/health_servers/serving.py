"""The site behind each application server, and how it is asked."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.harness import ROOT, Server, accepts, free_port, require
from tests.services.sites import python

TOKEN = "only-for-these-tests"
#: As a proxy in front of the site sends requests on.
PROXIED = {"Host": "shop.example.com", "X-Forwarded-Proto": "https"}
WSGI, ASGI = "tests.health_servers.wsgi", "tests.health_servers.asgi:application"


class HealthSite(Server):
    """The site on its own port. ``counts`` is the file of the check that counts its runs."""

    def __init__(self, name: str, command: Callable[[str], list[str]], folder: Path, **settings: Any) -> None:
        self.port = free_port()
        self.counts = folder / "counts"
        self.counts.touch()
        settings.setdefault("SECURE_PROXY_SSL_HEADER", ["HTTP_X_FORWARDED_PROTO", "https"])
        settings.setdefault("MEDIA_ROOT", str(folder / "media"))
        env = {
            "PYTHONPATH": str(ROOT),
            "HEALTH_SETTINGS": json.dumps(settings),
            "HEALTH_COUNT": str(self.counts),
        }
        super().__init__(name, command(str(self.port)), folder, lambda: accepts(self.port), env)

    def ask(self, path: str, timeout: float = 30.0, **headers: str) -> tuple[int, bytes]:
        """Return the status and the body; a probe comes by address and over plain HTTP."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request("GET", path, headers=headers)
            response = link.getresponse()
            return response.status, response.read()
        finally:
            link.close()

    def status(self, query: str = "") -> dict[str, Any]:
        """Return the status as the trusted see it."""
        code, body = self.ask(f"/watchman/{query}", Authorization=f"Bearer {TOKEN}", **PROXIED)
        assert code == 200, body
        found: dict[str, Any] = json.loads(body)
        return found


def gunicorn(*flags: str) -> Callable[[str], list[str]]:
    target = ASGI if "asgi" in flags else WSGI
    return lambda port: python("gunicorn", "-b", f"127.0.0.1:{port}", "--no-control-socket", *flags, target)


def uvicorn(*flags: str) -> Callable[[str], list[str]]:
    return lambda port: python("uvicorn", "--port", port, "--no-access-log", *flags, ASGI)


def uwsgi(*flags: str) -> Callable[[str], list[str]]:
    binary = require("uWSGI", Path(sys.executable).parent / "uwsgi", how="pip install uwsgi")
    fixed = ["--master", "--virtualenv", sys.prefix, "--die-on-term", "--need-app", "--disable-logging"]
    return lambda port: [binary, *fixed, "--http-socket", f"127.0.0.1:{port}", "--module", WSGI, *flags]


SERVERS: dict[str, Callable[[], Callable[[str], list[str]]]] = {
    "gunicorn sync": lambda: gunicorn("-w", "2"),
    "gunicorn preload": lambda: gunicorn("-w", "2", "--preload"),
    "gunicorn threads": lambda: gunicorn("-w", "1", "--threads", "8"),
    "gunicorn asgi": lambda: gunicorn("-w", "1", "-k", "asgi"),
    "uvicorn": uvicorn,
    "uvicorn workers": lambda: uvicorn("--workers", "2"),
    "uwsgi": lambda: uwsgi("--processes", "2"),
    "uwsgi threads": lambda: uwsgi("--processes", "1", "--enable-threads", "--threads", "4"),
}
