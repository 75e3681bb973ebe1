"""Starts the example site the way `make demo` does, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.example.browser import Browser

MANAGE = Path(__file__).parents[2] / "example" / "manage.py"


def environment(**more: str) -> dict[str, str]:
    """This process's environment without the tests' own settings, and without a word of pytest."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "PYTEST_", "GRAPHITE_"))}
    return kept | more


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", str(MANAGE), *arguments]


class Demo:
    """One running demo, with a StatsD server (a bound UDP socket) that it sends to."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.server.bind(("127.0.0.1", 0))
        self.server.setblocking(False)
        self.statsd_url = f"udp://127.0.0.1:{self.server.getsockname()[1]}"
        self.errors = (folder / "stderr").open("w+")
        self.process = subprocess.Popen(
            manage("demo", *options),
            env=environment(
                **{"DEMO_DATABASE": str(folder / "demo.sqlite3"), "STATSD_URL": self.statsd_url, **variables}
            ),
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        assert self.process.stdout is not None
        timer = threading.Timer(60, self.process.kill)  # it would be waited for without an end
        timer.start()
        self.greeting = self.process.stdout.readline()
        timer.cancel()
        timer.join()
        self.browser = Browser(self.greeting.partition("http://")[2].partition("/")[0])
        self.folder = folder

    @property
    def password(self) -> str:
        """The demo user's, as the greeting says it."""
        found = re.search(r"\(admin: demo, (\w{12})\)", self.greeting)
        assert found is not None, self.greeting
        return found[1]

    def log_in(self, password: str | None = None) -> None:
        self.browser.get("/admin/login/")
        form = {"username": "demo", "password": password or self.password, "next": "/admin/"}
        self.browser.post("/admin/login/", **form)

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        """The rows of ``hit``, ``event`` or ``timing``, the oldest first."""
        with closing(sqlite3.connect(self.folder / "demo_hits.sqlite3", timeout=5)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"select * from metrics_hits_{kind} order by id")]

    def stats(self) -> dict[str, Any]:
        return {row["name"]: row for row in self.browser.json("/stats")["stats"]}

    def counts(self) -> Counter[str]:
        return Counter({name: row["count"] for name, row in self.stats().items()})

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        begin = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(10), time.monotonic() - begin

    def stderr(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def datagrams(self) -> list[str]:
        """Every line that came over UDP so far."""
        lines: list[str] = []
        while True:
            try:
                lines += self.server.recv(65_535).decode().splitlines()
            except BlockingIOError:
                return lines

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.errors.close()
        self.server.close()


@pytest.fixture(autouse=True, scope="session")
def patience() -> None:
    """What a page is to show may take long on a busy machine."""
    expect.set_options(timeout=30_000)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start demos on one new database, on any free port unless told."""
    with ExitStack() as stack:

        def one(*options: str) -> Demo:
            demo = Demo(tmp_path, *(options or ("--port", "0")))
            stack.callback(demo.close)
            return demo

        yield one


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo"), "--port", "0", "--no-traffic")
    yield demo
    demo.close()


@pytest.fixture
def demo(shared: Demo) -> Demo:
    """A demo without visitors that other tests use too: compare counts with those before."""
    shared.browser.cookies.clear()
    return shared


def eventually(holds: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether `holds` becomes true in time."""
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() > end  # before it is asked: the machine may stand still in between
        if holds():
            return True
        if late:
            return False
        time.sleep(0.05)
