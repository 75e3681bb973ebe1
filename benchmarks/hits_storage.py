"""How many hits a second does the django storage write, beside a bare bulk insert of the same rows?

Not among the default questions, as it needs the servers of the tests. The bare ways get rows that are ready
made and pass over nothing that is there already. All write batches of 1,000 into the empty table with its
indexes, each in a transaction, in turns; the servers run without waiting for a disk.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks.peers import ROOT
from benchmarks.report import Table
from tests.hits.databases import temporary_folder
from tests.services.stores import MariaDB, PostgreSQL

NUMBER, BATCH, ROUNDS = 10_000, 1_000, 7
#: At least 10,000 hits a second, in microseconds a hit; and at least 40 % of a bare insert's pace.
LIMIT, SHARE = 100.0, 2.5
WRITE, COLLECT = "write", "unpack, enrich, write"
OURS = (WRITE, COLLECT, "write, connecting for each batch", "write what is there already")
WHO = dict.fromkeys(OURS, "DjangoStorage") | {
    "executemany": "bare INSERT, rows ready",
    "COPY": "bare COPY, rows ready",
    "bulk_create": "Django, instances ready",
}


@contextmanager
def postgresql() -> Iterator[dict[str, Any]]:
    """Run PostgreSQL, and give its ``DATABASES`` entry."""
    with temporary_folder("postgresql") as folder, PostgreSQL(folder) as server:
        yield dict(server.settings())


@contextmanager
def mariadb() -> Iterator[dict[str, Any]]:
    """Run MariaDB, and give its ``DATABASES`` entry."""
    with temporary_folder("mariadb") as folder, MariaDB(folder) as server:
        yield dict(server.settings())


@contextmanager
def sqlite() -> Iterator[dict[str, Any]]:
    """Give the ``DATABASES`` entry of a new file, with a journal that writers do not wait for."""
    pragmas = "PRAGMA journal_mode=wal; PRAGMA synchronous=off;"
    with temporary_folder("sqlite") as folder:
        yield {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "hits.sqlite3"),
            "OPTIONS": {"init_command": pragmas},
        }


DATABASES = {"PostgreSQL": postgresql, "MariaDB, by PyMySQL": mariadb, "SQLite": sqlite}


def measure(settings: dict[str, Any], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the microseconds that a hit takes in each way, the median of the rounds."""
    question = {"settings": settings, "number": NUMBER, "batch": BATCH, "rounds": rounds}
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.children.hits_storage"],
        cwd=ROOT,
        input=json.dumps(question) + "\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    took: dict[str, list[float]] = json.loads(answer.stdout)
    return {way: median(figures) for way, figures in took.items()}


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    for name, database in DATABASES.items():
        with database() as settings:
            yield _table(name, measure(settings))


def _table(name: str, took: dict[str, float]) -> Table:
    table = Table(f"Hits into {name}, a process (median of {ROUNDS} rounds of {NUMBER:,} hits)")
    budgeted = name == "PostgreSQL"
    for way, figure in took.items():
        if way in OURS:
            limit = LIMIT if budgeted and way == COLLECT else None
            table.add(way, WHO[way], figure, "us a hit", limit=limit)
        else:
            share = SHARE if way != "bulk_create" else None
            table.add(way, WHO[way], figure, "us a hit", took[WRITE], share)
    paces = ", ".join(f"{way}: {1e6 / figure:,.0f}" for way, figure in took.items())
    table.notes.append(f"hits a second: {paces}")
    return table


def main() -> int:
    """Print the tables; the status says whether the budgets are kept."""
    met = True
    for table in tables():
        table.show()
        met = met and table.met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
