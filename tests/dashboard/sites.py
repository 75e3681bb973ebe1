"""The dashboard's test site behind real servers, and what tests do to it from outside."""

from __future__ import annotations

import gzip
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.services.harness import ROOT, Server, accepts, free_port

SITE = Path(__file__).parent / "site"
MANAGE = str(SITE / "manage.py")

USERS = """
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
make = get_user_model().objects.create_user
permission = Permission.objects.get(codename="can_view_dashboard")
make("viewer").user_permissions.add(permission)
make("other").user_permissions.add(permission)
make("nobody")
make("root", is_staff=True, is_superuser=True)
"""


class Site(Server):
    """One server on a port that it keeps over restarts, and the site's database beside it."""

    def __init__(self, kind: str, folder: Path, port: int | None = None, **settings: object) -> None:
        self.port = port or free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        env = {
            "PYTHONPATH": f"{SITE}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "dashsite.settings",
            "SITE_DATABASE": str(folder / "site.sqlite3"),
            "SITE_SETTINGS": json.dumps(settings),
            "PYTHONWARNINGS": "ignore",
        }
        super().__init__(kind, commands(kind, self.port), folder, lambda: accepts(self.port), env)

    def manage(self, *args: str, status: int = 0, timeout: float = 60) -> str:
        """Run a management command in a process of its own; return what it printed."""
        done = subprocess.run(
            [sys.executable, MANAGE, *args],
            env=self.env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def migrate(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "-v0", "--skip-checks")
        self.manage("shell", "--no-imports", "-v0", "-c", USERS)

    def shell(self, code: str) -> str:
        return self.manage("shell", "--no-imports", "-v0", "-c", code)

    def set_value(self, name: str, value: int) -> float:
        """Change a widget from another process; return when that was, in seconds since 1970."""
        return float(self.manage("set_value", name, str(value)).split()[0])

    def enter(self, user: str) -> str:
        """Log in; return the cookie."""
        answer = self.ask(f"/enter/{user}")
        assert answer.status == 200, answer.body
        return "; ".join(each.split(";")[0] for each in answer.headers.get_all("Set-Cookie"))

    def link(self, path: str, cookie: str, body: bytes | None, **headers: str) -> http.client.HTTPConnection:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        method = "GET" if body is None else "POST"
        link.request(method, path, body, {"Cookie": cookie, "Accept-Encoding": "gzip", **sent})
        return link

    def ask(self, path: str, cookie: str = "", body: bytes | None = None, **headers: str) -> Answer:
        with closing(self.link(path, cookie, body, **headers)) as link:
            answer = link.getresponse()
            data = answer.read()
        zipped = answer.headers["Content-Encoding"] == "gzip"
        return Answer(answer.status, answer.headers, gzip.decompress(data) if zipped else data)

    def json(self, path: str, cookie: str = "") -> Any:
        answer = self.ask(path, cookie)
        assert answer.status == 200, answer
        return json.loads(answer.body)


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes


def commands(kind: str, port: int) -> list[str]:
    gunicorn = ["-b", f"127.0.0.1:{port}", "--no-control-socket", "--graceful-timeout", "3"]
    module = [sys.executable, "-m"]
    return {
        "uvicorn": [*module, "uvicorn", "--port", str(port), "--no-access-log", "dashsite.asgi:application"],
        "asgi": [*module, "gunicorn", *gunicorn, "-k", "asgi", "dashsite.asgi:application"],
        "gunicorn": [*module, "gunicorn", *gunicorn, "-w", "2", "dashsite.wsgi"],
        "runserver": [
            sys.executable,
            MANAGE,
            "runserver",
            f"127.0.0.1:{port}",
            "--noreload",
            "--skip-checks",
        ],
    }[kind]


class Stream:
    """One event stream, read with a plain socket."""

    def __init__(self, site: Site, cookie: str, since: int = 0, **headers: str) -> None:
        self.link = site.link(f"/dashboard/events?since={since}", cookie, None, **headers)
        self.answer = self.link.getresponse()
        self.status = self.answer.status

    def events(self) -> Iterator[tuple[str, Any]]:
        name = ""
        while line := self.answer.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)

    def until(self, wanted: str, key: str = "") -> Any:
        """Read on until an event of this name (with this widget in it); return its data."""
        for name, data in self.events():
            if name == wanted and (not key or key in data["keys"]):
                return data
        raise AssertionError(f"the stream ended without {wanted} {key}")

    def close(self) -> None:
        self.answer.close()
        self.link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextmanager
def serving(kind: str, folder: Path, **settings: object) -> Iterator[Site]:
    """A migrated site behind this server."""
    site = Site(kind, folder, **settings)
    site.migrate()
    with site:
        yield site


@contextmanager
def thirty_pages(site: Site) -> Iterator[None]:
    """Thirty open streams that have been told of a change; they end with the block."""
    cookie = site.enter("viewer")
    streams = [Stream(site, cookie) for _ in range(30)]
    for stream in streams:
        stream.until("ping")
    site.set_value("Counter", 1)
    for stream in streams:
        stream.until("changes", "Counter")
    try:
        yield
    finally:
        for stream in streams:
            stream.close()


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def open_files(pid: int, name: str) -> int:
    """How often a process has a file of this name open."""
    found = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found += link.readlink().name == name
    return found
