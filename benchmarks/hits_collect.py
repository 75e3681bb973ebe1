"""How many hits a second does one collector move, enriched, and how many do two?

From a real Redis into PostgreSQL and InfluxDB, beside a bare bulk insert of the same rows, in turns. The
collectors are processes of their own, as in production; what is timed is from the first hit in a storage
to the last, so that start-up is not in it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.child import progress
from benchmarks.peers import ROOT
from benchmarks.report import Row, Table
from tests.services.harness import environment
from tests.services.stores import PostgreSQL, Redis
from tests.services.timeseries import InfluxDB

HITS, ROUNDS = 60_000, 3
#: Hits a second into PostgreSQL, and the share of a bare bulk insert.
RATE, SHARE = 10_000, 0.4
SITE = "SITE_SETTINGS"


class Ground:
    """The servers, and the settings of the processes that use them."""

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postgresql-")))
        self.redis = stack.enter_context(Redis(folder / "redis"))
        self.postgresql = stack.enter_context(PostgreSQL(postgres))
        self.influxdb = stack.enter_context(InfluxDB(folder / "influxdb"))
        self.call("migrate", "--database", "pg", "-v", "0")

    def settings(self, *aliases: str) -> dict[str, Any]:
        """The site's settings with these storages."""
        influx = {"type": "influxdb", "host": "127.0.0.1", "port": self.influxdb.port, "hits_db": "hits"}
        storages = {"pg": {"type": "django", "hits_db": "pg"}, "influx": {**influx, "create": True}}
        memory = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
        return {
            "DATABASES": {"default": memory, "pg": self.postgresql.settings()},
            "WT_REDIS": {"addr": f"127.0.0.1:{self.redis.port}"},
            "WT_DATABASES": {alias: storages[alias] for alias in aliases or ("pg",)},
            "WT_STREAM_LENGTH": 10_000_000,
            "WT_STOP": False,
        }

    def environ(self, *aliases: str) -> dict[str, str]:
        """The environment of a process with these storages."""
        return environment(
            {
                "PYTHONPATH": str(ROOT),
                "DJANGO_SETTINGS_MODULE": "tests.hits.site.settings",
                SITE: json.dumps(self.settings(*aliases)),
            }
        )

    def call(self, *arguments: str) -> None:
        """Run a management command to its end."""
        line = [sys.executable, "-m", "django", *arguments]
        subprocess.run(line, cwd=ROOT, env=self.environ(), check=True)

    def fill(self, count: int) -> None:
        """Put hits into Redis, through the transport."""
        line = [sys.executable, "-m", "benchmarks.children.hits_fill", str(count)]
        subprocess.run(line, cwd=ROOT, env=self.environ(), check=True)

    def bare(self, count: int) -> float:
        """Return the rows a second of a bare insert of the same rows, in one process."""
        line = [sys.executable, "-m", "benchmarks.children.hits_bare", str(count)]
        done = subprocess.run(line, cwd=ROOT, env=self.environ(), check=True, capture_output=True, text=True)
        return float(done.stdout)

    def sql(self, statement: str) -> int:
        """Run a statement in PostgreSQL; return the number it answers."""
        import psycopg

        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.postgresql.port}/postgres") as link:
            cursor = link.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else 0

    def in_postgresql(self) -> int:
        """How many hits are there."""
        return self.sql("SELECT count(*) FROM metrics_hits_hit")

    def in_influxdb(self) -> int:
        """How many hits are there."""
        rows = self.influxdb.query("SELECT count(request_time) FROM hits", "hits")
        return int(rows[0]["count"]) if rows else 0

    def clear(self) -> None:
        """Have all of them empty."""
        self.redis.ask("FLUSHALL")
        self.sql("TRUNCATE metrics_hits_hit")
        self.influxdb.query("DROP DATABASE hits")
        self.influxdb.query("CREATE DATABASE hits")


def rate(ground: Ground, counting: Callable[[], int], collectors: int, *aliases: str) -> float:
    """Return the hits a second that collectors move into what `counting` counts."""
    ground.clear()
    ground.fill(HITS)
    line = [sys.executable, "-m", "django", "collect", "--batch", "2000", "-v", "0"]
    running = [subprocess.Popen(line, cwd=ROOT, env=ground.environ(*aliases)) for _ in range(collectors)]
    try:
        first = _await(counting, 1)
        begin = time.perf_counter()
        last = _await(counting, HITS)
        return (last - first) / (time.perf_counter() - begin)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _await(counting: Callable[[], int], least: int) -> int:
    deadline = time.monotonic() + 300
    while (count := counting()) < least:
        if time.monotonic() > deadline:
            raise RuntimeError(f"only {count} of {least} came")
        time.sleep(0.02)
    return count


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    table = Table(f"Hits a second, enriched ({HITS:,} hits, median of {ROUNDS} rounds)")
    figures: dict[str, list[float]] = {}
    with ExitStack() as stack:
        ground = Ground(stack)
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS}")
            ground.clear()
            for what, figure in (
                ("bare", ground.bare(HITS)),
                ("pg", rate(ground, ground.in_postgresql, 1, "pg")),
                ("pg2", rate(ground, ground.in_postgresql, 2, "pg")),
                ("influx", rate(ground, ground.in_influxdb, 1, "influx")),
                ("both", rate(ground, ground.in_postgresql, 1, "pg", "influx")),
            ):
                figures.setdefault(what, []).append(figure)
    found = {what: median(each) for what, each in figures.items()}
    bare = found["bare"]
    for what, who in (
        ("bare", "a bare bulk insert of the same rows into PostgreSQL"),
        ("pg", "one collector into PostgreSQL"),
        ("pg2", "two collectors into PostgreSQL"),
        ("influx", "one collector into InfluxDB"),
        ("both", "one collector into both, PostgreSQL's part"),
    ):
        table.add(f"{found[what] / bare:.0%} of the bare insert", who, found[what], "/s")
    table.rows.append(
        Row("budget", "shortfall to 10,000/s, one collector", max(0.0, RATE - found["pg"]), "/s", limit=0)
    )
    table.rows.append(
        Row("budget", "shortfall to 40 %, one collector", max(0.0, SHARE - found["pg"] / bare), "", limit=0)
    )
    yield table
