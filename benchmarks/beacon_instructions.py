"""What ``record`` costs in instructions, and what a site with it in its URLs pays for every other request."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.child import ENVIRONMENT, progress
from benchmarks.children.beacon_bodies import HEADERS, POSTS
from benchmarks.children.beacon_site import EMPTY, PAGE, RECORD, SETTINGS
from benchmarks.peers import ROOT, python
from benchmarks.report import Table
from benchmarks.sink import Sink

#: The virtualenv of this question.
PEER = "servers"

COUNTED = 300
_TOTALS = re.compile(r"^totals: (\d+)", re.MULTILINE)
_VALGRIND = ("valgrind", "--tool=callgrind", "--dump-before=getloadavg")

Request = dict[str, Any]


def _posts(path: str, client: str) -> Request:
    post = POSTS[client]
    return {"url": path + post.query, "kind": post.kind, "body": post.body, "headers": HEADERS}


#: Requests to count, by what the table says of them.
REQUESTS: dict[tuple[str, str], Request] = {
    (client, path): _posts(path, client) for client in POSTS for path in (EMPTY, RECORD)
}
PAGES = {(PAGE, ""): {"url": PAGE, "kind": "", "body": "", "headers": HEADERS}}


def instructions(
    requests: Mapping[tuple[str, str], Request], more: Mapping[str, Any]
) -> dict[tuple[str, str], float]:
    """Return the instructions of each request, in thousands, with further settings."""
    progress(f"counting the instructions of {len(requests)} requests")
    with Sink() as sink, TemporaryDirectory() as folder:
        profile = Path(folder, "profile")
        site = [python(PEER), "-m", "benchmarks.children.beacon_site"]
        line = [
            *_VALGRIND,
            f"--callgrind-out-file={profile}",
            *site,
            str(COUNTED),
            json.dumps([*requests.values()]),
        ]
        chosen = {"STATSD_PORT": sink.port, "STATSD_FLUSH_INTERVAL": 60, **more}
        environment = ENVIRONMENT | {SETTINGS: json.dumps(chosen)}
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"counting failed:\n{done.stderr}")
        parts = [profile.with_name(f"profile.{number + 2}") for number in range(len(requests))]
        return {key: _total(part) / COUNTED / 1000 for key, part in zip(requests, parts, strict=True)}


def _total(part: Path) -> int:
    found = _TOTALS.search(part.read_text())
    if not found:
        raise RuntimeError(f"{part} has no totals")
    return int(found[1])


def counted() -> Table:
    """Count instructions, if valgrind is here."""
    table = Table(f"A beacon in thousands of instructions, without a server ({COUNTED} requests each)")
    if not shutil.which("valgrind"):
        table.notes.append("not counted: valgrind is not installed")
        return table
    figures = instructions(REQUESTS, {})
    for client in POSTS:
        empty = figures[client, EMPTY]
        table.add(f"the POST of {client}", "empty view", empty, "k")
        table.add("", "+ record", figures[client, RECORD] - empty, "k")
    for said, included in (("without record in the URLs", False), ("with it", True)):
        figure = instructions(PAGES, {"BENCHMARK_INCLUDED": included})[PAGE, ""]
        table.add("GET of an empty page", said, figure, "k")
    return table
