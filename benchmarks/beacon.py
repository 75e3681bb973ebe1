"""How many beacons a second does ``record`` take, as a share of what an empty view answers?

Both views are in one site, behind the same server, and get the same POSTs from the same wrk, in turns:
empty, record, empty, record, …. Each pair gives a ratio, and the median of these counts. Instructions of one
request are counted beside it, without a server, as those repeat and seconds do not.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

from benchmarks.beacon_instructions import PEER, counted
from benchmarks.child import ENVIRONMENT, progress
from benchmarks.children.beacon_bodies import HEADERS, POSTS, Post
from benchmarks.children.beacon_site import EMPTY, PAGE, RECORD, SETTINGS
from benchmarks.peers import ROOT, python
from benchmarks.report import Row, Table
from benchmarks.sink import Sink
from django_metrics_statsd.beacon.fields import RECORD_KEYS

SHARE = 0.8
ROUNDS, SECONDS, WARM_UP = 9, 2, 3
CONNECTIONS = 8

_SITE = "benchmarks.children.beacon_site"
_GUNICORN = [f"{_SITE}:wsgi()", "--no-control-socket", "--log-level=warning", "--bind=127.0.0.1:{port}"]
_UVICORN = [f"{_SITE}:asgi", "--factory", "--no-access-log", "--log-level=warning", "--port={port}"]

SERVERS = {
    "gunicorn, 2 sync workers": ["gunicorn", "--workers=2", *_GUNICORN],
    "gunicorn, 1 gthread worker": ["gunicorn", "--threads=4", *_GUNICORN],
    "uvicorn, uvloop, httptools": ["uvicorn", *_UVICORN],
}

_GUARDS = "django_metrics_statsd.beacon.guards."
#: What is measured: the client, and the settings that are not the default. The first has the budget.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "stick": ("stick", {}),
    "boomerang": ("boomerang", {}),
    "vitals": ("vitals", {}),
    "stick, same_origin": (
        "stick",
        {"STATSD_RECORD_GUARD": [_GUARDS + "honour_privacy", _GUARDS + "same_origin"]},
    ),
    "stick, all keys": ("stick", {"STATSD_RECORD_KEYS": RECORD_KEYS}),
}

_SCRIPT = """
wrk.method = "POST"
wrk.headers = {%s}
wrk.body = [==[%s]==]
done = function(summary)
  local failed = 0
  for _, count in pairs(summary.errors) do failed = failed + count end
  io.write(string.format("\\n%%d %%d %%d", summary.requests, summary.duration, failed))
end
"""


@dataclass
class Throughput(Row):
    """Requests a second, and what share of an empty view's ours are: here more is better."""

    ratio: float = 0
    least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        return None if self.least is None else self.ratio >= self.least

    def cells(self) -> list[str]:
        """Return the row as text."""
        what, who, figure, _share, _budget, verdict = super().cells()
        least = "" if self.least is None else f">= {self.least:.0%}"
        return [what, who, figure, f"{self.ratio:.1%}" if self.ratio else "", least, verdict]


def post(port: int, path: str, script: Path, seconds: int) -> float:
    """Post to `path` for so many seconds with wrk; return requests a second.

    Raises:
        RuntimeError: not every request was answered with success.
    """
    url = f"http://127.0.0.1:{port}{path}"
    line = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), url]
    done = subprocess.run(line, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    requests, microseconds, failed = map(int, done.stdout.splitlines()[-1].split())
    if failed or not requests:
        raise RuntimeError(f"{failed} of {requests} requests to {url} failed:\n{done.stdout}")
    return requests / microseconds * 1e6


@contextmanager
def serving(server: str, more: Mapping[str, Any]) -> Iterator[int]:
    """Run a server with further settings; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    line = [python(PEER), "-m", *(part.format(port=port) for part in SERVERS[server])]
    process = subprocess.Popen(line, cwd=ROOT, env=ENVIRONMENT | {SETTINGS: json.dumps(more)})
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait for an answer: gunicorn listens before its workers are there."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urlopen(f"http://127.0.0.1:{port}{PAGE}", timeout=10).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server does not answer")


def rounds(server: str, what: Post, more: Mapping[str, Any]) -> list[tuple[float, float]]:
    """Return pairs of requests a second: of the empty view, and of ``record``."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        sink = stack.enter_context(Sink())
        port = stack.enter_context(serving(server, {"STATSD_PORT": sink.port, **more}))
        script = Path(folder, "post.lua")
        script.write_text(_script(what))
        urls = [view + what.query for view in (EMPTY, RECORD)]
        for url in urls:
            post(port, url, script, WARM_UP)
        return [
            (post(port, urls[0], script, SECONDS), post(port, urls[1], script, SECONDS))
            for _ in range(ROUNDS)
        ]


def _script(what: Post) -> str:
    headers = HEADERS | {"Content-Type": what.kind}
    return _SCRIPT % (
        ",".join(f"[{json.dumps(name)}]={json.dumps(text)}" for name, text in headers.items()),
        what.body,
    )


def measured() -> Table:
    """Measure by the clock, if wrk is here."""
    table = Table(
        f"Beacons a second: median of {ROUNDS} pairs of {SECONDS} s, wrk with {CONNECTIONS} connections"
    )
    if not shutil.which("wrk"):
        table.notes.append("not measured: wrk is not installed")
        return table
    for server in SERVERS:
        for number, (case, (client, more)) in enumerate(CASES.items()):
            progress(f"{server}: {case}")
            pairs = rounds(server, POSTS[client], more)
            ratios = sorted(record / empty for empty, record in pairs)
            table.rows += [
                Throughput(f"{server}: {case}", "empty view", median(empty for empty, _ in pairs), "/s"),
                Throughput(
                    "",
                    "record",
                    median(record for _, record in pairs),
                    "/s",
                    ratio=median(ratios),
                    least=None if number else SHARE,
                ),
            ]
            table.notes.append(f"{server}: {case}: {ratios[0]:.1%} to {ratios[-1]:.1%}")
    progress("")
    return table


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    yield measured()
    yield counted()
