"""What does asking for the status cost, beside django-watchman and django-health-check?

The same site with one database, one cache and one storage, called without sockets: milliseconds of a call,
and the statements, new connections and threads that it sets going. On SQLite, and PostgreSQL where it is
installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.child import ENVIRONMENT, Child, interleave
from benchmarks.peers import OURS, title
from benchmarks.report import Table
from tests.services.stores import PostgreSQL

ALONE, SHARED = f"{OURS}:every call runs the checks", f"{OURS}:shared"
PEERS = ("watchman", "health-check", ALONE, SHARED)
ROUNDS, NUMBER = 7, 100


@contextmanager
def postgresql() -> Iterator[None]:
    """Run a PostgreSQL that children find by an environment variable."""
    with TemporaryDirectory(prefix="postgresql-") as folder, PostgreSQL(Path(folder)) as server:
        ENVIRONMENT["POSTGRESQL_PORT"] = str(server.port)
        yield
        del ENVIRONMENT["POSTGRESQL_PORT"]


def tables() -> Iterator[Table]:
    """Measure and yield a table for each database."""
    yield _table("SQLite")
    if any(PostgreSQL.versions()):
        with postgresql():
            yield _table("PostgreSQL")


def _table(name: str) -> Table:
    table = Table(f"The status, with {name}: median of {ROUNDS} rounds of {NUMBER} calls")
    with ExitStack() as stack:
        children = {peer: stack.enter_context(Child(peer, "health_site")) for peer in PEERS}
        answers = interleave(children, ROUNDS, number=NUMBER)
    figures = {
        peer: {key: median(answer[key] for answer in rounds) for key in rounds[0]}
        for peer, rounds in answers.items()
    }
    for peer, found in figures.items():
        ours = None if peer in {ALONE, SHARED} else figures[ALONE]["ms"]
        table.add("a call", title(peer), found["ms"], "ms", ours=ours)
    for what in ("statements", "connections", "threads"):
        for peer, found in figures.items():
            table.add(f"{what} of a call", title(peer), found[what], "")
    table.notes.append("'ours is' compares with running the checks at every call; shared, they run every 5 s")
    return table
