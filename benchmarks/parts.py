"""Where do our instructions go? One part of ours switched on at a time.

Not among the default questions: it is for whoever makes a part cheaper.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.peers import OURS, title
from benchmarks.report import Table
from benchmarks.requests import BARE, COUNTED, VIEWS, instructions

#: ``idle`` is a middleware that does nothing: what Django itself asks for one layer. ``tags`` is all
#: of ours, with ``STATSD_TAGS`` set.
PARTS = ("idle", "counts", "times", "counts,times", "db", "cache", "tags")


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    table = Table(f"What each part adds, in thousands of instructions ({COUNTED} requests a view)")
    bare = instructions(BARE)
    for part in (*PARTS, ""):
        peer = f"{OURS}:{part}" if part else OURS
        for view, count in instructions(peer).items():
            table.add(VIEWS[view], f"+ {title(peer)}", (count - bare[view]) / 1000, "k")
    yield table
