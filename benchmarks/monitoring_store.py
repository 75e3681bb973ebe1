"""What does the embedded stats store cost: its callers, the database, the disk, and who reads?

Not among the default questions, as it takes some minutes. A site here has 150 timers and 50 counters of names
as views and queries have them. SQLite as Django makes it, without options.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.child import ENVIRONMENT
from benchmarks.peers import ROOT
from benchmarks.report import Table
from tests.hits.databases import temporary_folder

WORKERS, SECONDS, ROUNDS = 8, 30, 7
#: The store's callers may pay a tenth more than the buffered client's.
SHARE = 1.1


def ask(module: str, **question: Any) -> dict[str, Any]:
    """Have a process of its own answer."""
    return finish(start(module, **question))


def start(module: str, **question: Any) -> subprocess.Popen[str]:
    """Start such a process."""
    return subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.children.{module}", json.dumps(question)],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for its answer."""
    written, _ = process.communicate()
    answer: dict[str, Any] = json.loads(written.strip().split("\n")[-1])
    return answer


def callers() -> Table:
    """What `incr` and `timing` cost their callers, beside the buffered client."""
    table = Table(
        f"What a call costs its caller, bursts of 1,000, the least of 50 (median of {ROUNDS} rounds)"
    )
    clients = {
        "buffered": "django_metrics_statsd.clients.buffered",
        "store": "django_metrics_statsd.monitoring.client",
    }
    with temporary_folder("store") as folder:
        answers: dict[str, list[dict[str, Any]]] = {name: [] for name in clients}
        for number in range(ROUNDS):
            for name, path in clients.items():
                file = str(folder / f"{name}{number}.sqlite3")
                answers[name].append(ask("monitoring_store", what="calls", client=path, file=file))
    for what in ("incr", "timing", "process"):
        ours, theirs = (median(answer[what] for answer in answers[name]) for name in ("store", "buffered"))
        budget = None if what == "process" else SHARE
        label = f"{what}, per call" if budget else "CPU of the whole process, per stat, until all is written"
        table.add(label, "embedded store", ours, "ns")
        table.add(label, "buffered client", theirs, "ns", ours, budget)
    return table


def workers() -> Table:
    """How eight busy workers get on with one SQLite file."""
    table = Table(f"{WORKERS} processes write into one SQLite file for {SECONDS} s, 200 stats each")
    for window in (10, 1):
        with temporary_folder("store") as folder:
            file = str(folder / "stats.sqlite3")
            ask("monitoring_store", what="tables", file=file)
            busy = [
                start("monitoring_store", what="work", file=file, window=window, seconds=SECONDS)
                for _ in range(WORKERS)
            ]
            answers = [finish(process) for process in busy]
            kept = ask("monitoring_store", what="count", file=file)
        about = f"window of {window} s"
        table.add(f"{about}: rows a minute", "all", kept["windows"] * 60 / SECONDS, "rows")
        table.add(f"{about}: errors", "all", sum(answer["errors"] for answer in answers), "", limit=0.0)
        table.add(f"{about}: stats lost", "all", sum(answer["dropped"] for answer in answers), "", limit=0.0)
        emitted = sum(answer["emitted"] for answer in answers)
        table.add(f"{about}: counts read less than emitted", "all", emitted - kept["sum"], "", limit=0.0)
        table.add(f"{about}: bytes a row", "all", kept["bytes"] / kept["windows"], "B")
        table.add(f"{about}: longest write", "slowest", max(answer["longest"] for answer in answers), "ms")
    return table


def year() -> Table:
    """What a year takes on the disk and to read."""
    table = Table("A year of 200 stats by 8 processes, all rolled up, and the last hour in SQLite")
    with temporary_folder("store") as folder:
        file = str(folder / "stats.sqlite3")
        ask("monitoring_store", what="tables", file=file)
        answer = ask("monitoring_store", what="year", file=file)
    for what, (figure, unit, limit) in answer.items():
        table.add(what, "embedded store", figure, unit, limit=limit)
    return table


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    yield callers()
    yield workers()
    yield year()
