"""What do 1,000 open dashboards cost one uvicorn worker, and how soon does each of them know of a change?

Not among the default questions. The site is that of the tests, on SQLite; a user who is logged in has all the
streams; each change is made by a management command, a process of its own, and its time is taken there.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.children.dashboard_page import TOGETHER
from benchmarks.peers import ROOT
from benchmarks.report import Table
from tests.dashboard.sites import Site, open_files, serving, threads
from tests.services.stores import Redis

STREAMS, CHANGES = 1_000, 5
#: Megabytes for all streams, and what is promised on the delay, in milliseconds.
MEGABYTES, WITH_REDIS, WITHOUT = 45.0, 1_000.0, 2_000.0


def own_memory(pid: int) -> float:
    """Return the megabytes that a process shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) / 1024


def measure(site: Site, *, warm_up: int = 20) -> dict[str, float]:
    """Open the streams, make the changes, and return the figures."""
    cookie, pid = site.enter("viewer"), site.running().pid
    for _ in range(warm_up):
        site.json("/dashboard/changes", cookie)
    before = own_memory(pid)
    task = {"port": site.port, "cookie": cookie, "streams": STREAMS, "since": 0}
    command = [sys.executable, "-m", "benchmarks.children.dashboard_page"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as pages:
        assert pages.stdin is not None
        assert pages.stdout is not None
        pages.stdin.write(json.dumps(task) + "\n")
        pages.stdin.flush()
        assert pages.stdout.readline() == "open\n"
        time.sleep(2)
        figures: dict[str, float] = {
            "megabytes": own_memory(pid) - before,
            "threads": threads(pid),
            "connections": open_files(pid, "site.sqlite3"),
        }
        times = []
        for value in range(1, CHANGES + 1):
            began = site.set_value("Counter", value)
            times.append((site.json("/dashboard/changes", cookie)["seq"], began))
        pages.stdin.write(json.dumps(times) + "\n")
        pages.stdin.flush()
        rows = [json.loads(pages.stdout.readline()) for _ in times]
    figures["delivered"] = sum(row[0] for row in rows)
    figures["p50"], figures["slowest"] = median(row[1] for row in rows), max(row[2] for row in rows)
    return figures


def tables() -> Iterator[Table]:
    """Measure and yield the tables: with Redis, and without."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8_192)), hard))
    for with_redis in (True, False):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dashboard-")))
            settings = {}
            if with_redis:
                settings["DASHBOARD_MESSENGER_URL"] = stack.enter_context(Redis(folder / "redis")).url
            site = stack.enter_context(serving("uvicorn", folder / "site", **settings))
            yield _table(measure(site), with_redis=with_redis)


def _table(figures: dict[str, float], *, with_redis: bool) -> Table:
    how = "Redis" if with_redis else "the database alone"
    table = Table(f"{STREAMS:,} open event streams on one uvicorn worker, with {how} ({CHANGES} changes)")
    table.add("memory of its own, more than before", "uvicorn", figures["megabytes"], "MB", limit=MEGABYTES)
    table.add("threads", "uvicorn", figures["threads"], "", limit=5)
    # SQLite keeps the files of closed connections while another one is open: as many as opened side by side.
    table.add("times the database file is open", "uvicorn", figures["connections"], "", limit=TOGETHER + 6)
    table.add("change to receipt, median", "streams", figures["p50"], "ms")
    most = WITH_REDIS if with_redis else WITHOUT
    table.add("change to receipt, slowest", "streams", figures["slowest"], "ms", limit=most)
    table.notes.append(f"delivered {figures['delivered']:.0f} of {STREAMS * CHANGES}")
    return table
