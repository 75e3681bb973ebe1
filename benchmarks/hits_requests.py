"""What does recording a hit cost the request, and what the process that sends it on?

Instructions, as in `benchmarks.requests`, so the question needs valgrind; and Redis for the second part.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.child import ENVIRONMENT
from benchmarks.peers import OURS
from benchmarks.report import Row, Table
from benchmarks.requests import BARE, COUNTED, VIEWS, instructions
from tests.services.stores import Redis

#: The timing middleware alone is what the hits may cost besides.
TIMES, BOTH, CARRIED = f"{OURS}:times", f"{OURS}:times,hits", f"{OURS}:times,hits,carried"


@contextmanager
def redis() -> Iterator[None]:
    """Run a Redis server that children find by an environment variable."""
    with TemporaryDirectory() as folder, Redis(Path(folder)) as server:
        ENVIRONMENT["REDIS_PORT"] = str(server.port)
        yield
        del ENVIRONMENT["REDIS_PORT"]


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    table = Table(f"What a hit costs, in thousands of instructions ({COUNTED} requests a view)")
    if not shutil.which("valgrind"):
        table.notes.append("not counted: valgrind is not installed")
        yield table
        return
    bare, times, both = instructions(BARE), instructions(TIMES), instructions(BOTH)
    carried = {}
    if shutil.which("redis-server"):
        with redis():
            carried = instructions(CARRIED)
    for view, about in VIEWS.items():
        timing, hit = times[view] - bare[view], both[view] - times[view]
        table.add(about, "+ timing middleware", timing / 1000, "k")
        table.rows.append(
            Row(about, "+ HitsMiddleware on top", hit / 1000, "k", limit=round(timing / 1000, 2))
        )
        if carried:
            sent = carried[view] - both[view]
            table.add(about, "+ made, packed and sent to Redis, in the thread", sent / 1000, "k")
    yield table
