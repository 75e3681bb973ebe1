"""Hits from gunicorn workers into every storage while things die, as a program:

    python -m tests.hits.chaos 100000 --away 60

Collectors are killed with SIGKILL at random instants, Redis is restarted, PostgreSQL and InfluxDB are away
for a while. In the end every hit must be once in every storage. VictoriaMetrics keeps milliseconds and knows
points by nothing else, so it may hold a point twice: it is asked whether it has at least all.
"""

from __future__ import annotations

import argparse
import collections
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.services.harness import ROOT, Server, accepts, environment, free_port, wait_until
from tests.services.stores import MariaDB, PostgreSQL, Redis
from tests.services.timeseries import ClickHouse, InfluxDB, VictoriaMetrics

PARTS = 20


class Ground:
    """All the servers, the site before them, and collectors between."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self.stack = folder, stack
        self.redis = Redis(folder / "redis")
        at = self.redis.command.index("--appendonly")
        self.redis.command[at + 1] = "yes"
        self.redis.command += ["--appendfsync", "always"]
        pg = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postgresql-")))
        self.postgresql, self.mariadb = PostgreSQL(pg), MariaDB(folder / "mariadb")
        self.influxdb, self.victoria = InfluxDB(folder / "influxdb"), VictoriaMetrics(folder / "victoria")
        self.clickhouse = ClickHouse(folder / "clickhouse")
        for server in self.servers:
            stack.enter_context(server)
        self.env = {
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "tests.hits.site.settings",
            "SITE_SETTINGS": json.dumps(self.settings()),
        }
        for database in ("pg", "maria"):
            self.manage("migrate", "--database", database, "-v", "0")
        self.port = free_port()
        self.site = self.gunicorn()
        stack.enter_context(self.site)

    @property
    def servers(self) -> list[Server]:
        return [
            self.redis,
            self.postgresql,
            self.mariadb,
            self.influxdb,
            self.victoria,
            self.clickhouse,
        ]

    def settings(self) -> dict[str, Any]:
        influx = {"type": "influxdb", "host": "127.0.0.1", "timeout": 5.0}
        return {
            "DATABASES": {
                "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
                "pg": self.postgresql.settings(),
                "maria": self.mariadb.settings(),
            },
            "WT_REDIS": {"addr": f"127.0.0.1:{self.redis.port}"},
            "WT_CLAIM_SECONDS": 3.0,
            "WT_BUFFER": 200_000,
            "WT_STOP": False,
            "WT_RETENTION_DAYS": 0,
            "WT_DATABASES": {
                "pg": {"type": "django", "hits_db": "pg"},
                "maria": {"type": "django", "hits_db": "maria"},
                "influx": {**influx, "port": self.influxdb.port, "hits_db": "hits", "create": True},
                "victoria": {**influx, "port": self.victoria.port, "hits_db": "hits"},
                "click": {"type": "clickhouse", "host": "127.0.0.1", "port": self.clickhouse.port},
            },
        }

    def gunicorn(self) -> Server:
        command = [
            *(sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{self.port}", "--workers", "2"),
            *("--worker-class", "gthread", "--threads", "4", "--no-control-socket"),
            *("--keep-alive", "60"),  # a visitor may stand still for a while
            "tests.hits.site.wsgi",
        ]
        return Server("gunicorn", command, self.folder, lambda: accepts(self.port), self.env)

    def start_collector(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "django", "collect", "--batch", "500"]
        log = (self.folder / "collectors.log").open("ab")
        with log:
            return subprocess.Popen(
                command, cwd=ROOT, env=environment(self.env), stdout=log, stderr=subprocess.STDOUT
            )

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env=environment(self.env),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.manage("collect", "--status")))

    def found(self) -> dict[str, list[str]]:
        """The paths of the hits in each storage that can tell them."""
        return {
            "pg": self._pg(),
            "maria": self._maria(),
            "influx": [row["path"] for row in self.influxdb.query("SELECT path FROM hits", "hits")],
            "click": [row["path"] for row in self.clickhouse.query("SELECT path FROM hits FINAL")],
        }

    def _pg(self) -> list[str]:
        import psycopg

        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self.postgresql.port}/postgres") as link:
            return [path for (path,) in link.execute("SELECT path FROM metrics_hits_hit")]

    def _maria(self) -> list[str]:
        import pymysql

        options = self.mariadb.settings()
        link = pymysql.connect(
            host="127.0.0.1", port=self.mariadb.port, user="root", database=str(options["NAME"])
        )
        with link, link.cursor() as cursor:
            cursor.execute("SELECT path FROM metrics_hits_hit")
            return [path for (path,) in cursor.fetchall()]


class Visitors:
    """Threads that ask for numbered pages until they have had as many answers as they should."""

    def __init__(self, port: int, count: int, threads: int = 8) -> None:
        self.port, self.answered = port, [0] * threads
        self.threads = [
            threading.Thread(target=self._visit, args=(number, range(number, count, threads)))
            for number in range(threads)
        ]

    def _visit(self, mine: int, numbers: Iterable[int]) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for number in numbers:
            link.request("GET", path_of(number), headers={"User-Agent": f"Visitor/{number % 50}"})
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200
            self.answered[mine] += 1
        link.close()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)


def path_of(number: int) -> str:
    return f"/part{number % PARTS}/{number}"


class Killer:
    """Keeps two collectors running and kills one of them now and then."""

    def __init__(self, ground: Ground, every: float) -> None:
        self.ground, self.every = ground, every
        self.kills = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        running = [self.ground.start_collector() for _ in range(2)]
        while not self.stop.wait(random.uniform(0.3, 2) * self.every):
            chosen = random.randrange(2)
            running[chosen].kill()
            running[chosen].wait()
            self.kills += 1
            running[chosen] = self.ground.start_collector()
        wait_until(lambda: all(self.at_work(process) for process in running), "the last collectors", 60)
        self.statuses = []
        for process in running:
            process.terminate()
            self.statuses.append(process.wait(60))

    def at_work(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether it has come so far that it handles signals: it says its name, with its number in it."""
        return f"-{process.pid}-" in (self.ground.folder / "collectors.log").read_text(errors="replace")


def away(server: Server, seconds: float) -> None:
    """Stop a server, wait, and start it again with its data."""
    server.stop()
    time.sleep(seconds)
    Server.start(server)


def run(count: int, seconds: float, every: float, say: Any = print) -> dict[str, list[str]]:
    """Do it all; return what each storage holds in the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        ground = Ground(folder, stack)
        visitors, killer = Visitors(ground.port, count), Killer(ground, every)
        killer.thread.start()
        for thread in visitors.threads:
            thread.start()
        begin = time.monotonic()
        try:
            for server, span in (
                (ground.redis, min(2.0, seconds)),
                (ground.postgresql, seconds),
                (ground.influxdb, seconds),
            ):
                time.sleep(min(3.0, seconds))
                away(server, span)
                say(f"{time.monotonic() - begin:5.0f} s: {server.name} was away {span:g} s")
            for thread in visitors.threads:
                thread.join()
            say(f"{time.monotonic() - begin:5.0f} s: {sum(visitors.answered):,} requests were answered")
            ground.site.stop()
            wait_until(lambda: settled(ground), f"the collectors:\n{tail(folder)}", 600)
        finally:
            killer.stop.set()
            killer.thread.join(120)
        say(f"{time.monotonic() - begin:5.0f} s: all done; collectors were killed {killer.kills} times")
        assert killer.statuses == [0, 0], killer.statuses
        points = sum(
            len(series["values"]) for series in ground.victoria.samples('{__name__="hits_request_time"}')
        )
        say(f"VictoriaMetrics has {points:,} points of request_time")
        return ground.found()


def settled(ground: Ground) -> bool:
    time.sleep(1)
    status = ground.status()
    return all(each["lag"] == 0 == each["pending"] for each in status["storages"].values())


def tail(folder: Path) -> str:
    log = folder / "collectors.log"
    return log.read_text(errors="replace")[-3_000:] if log.exists() else ""


def problems(found: dict[str, list[str]], count: int) -> list[str]:
    """What is missing or twice, for each storage."""
    wanted = {path_of(number) for number in range(count)}
    said = []
    for storage, paths in found.items():
        counted = collections.Counter(paths)
        twice = sum(1 for times in counted.values() if times > 1)
        missing, strange = len(wanted - counted.keys()), len(counted.keys() - wanted)
        if twice or missing or strange:
            said.append(f"{storage}: {missing} missing, {twice} more than once, {strange} strange")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--away", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("--kill-every", type=float, default=5.0, metavar="SECONDS")
    options = parser.parse_args()
    os.environ.setdefault("STATSD_NO_SKIP", "1")
    found = run(options.count, options.away, options.kill_every)
    for storage, paths in found.items():
        print(f"{storage}: {len(paths):,} hits")
    bad = problems(found, options.count)
    print("\n".join(bad) if bad else f"Each of {options.count:,} hits is once in every storage.")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
