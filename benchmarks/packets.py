"""How many datagrams does a request put on the wire?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks.child import Child
from benchmarks.peers import OURS, title
from benchmarks.report import Table
from benchmarks.sink import Sink

REQUESTS, PER_SECOND = 1_000, 100.0
ABOUT = f"{REQUESTS:,} requests of 5 queries and 10 cache calls, {PER_SECOND:g} a second, one process"

#: Django's peers with what they measure; the clients with the 26 stats that ours sends.
PEERS = (OURS, "django-statsd", "statsd:replay", "datadog:replay")


def tables() -> Iterator[Table]:
    """Measure, one after the other, and yield the table."""
    table = Table(f"Datagrams a request: {ABOUT}")
    ours = 0.0
    for peer in PEERS:
        sink = run(peer)
        each = sink.datagrams / REQUESTS
        stats = sink.events / REQUESTS
        table.add("datagrams", title(peer), each, "", None if peer == OURS else ours)
        table.notes.append(f"{title(peer)}: {stats:.1f} stats a request, {sink.bytes / REQUESTS:,.0f} bytes")
        ours = each if peer == OURS else ours
    yield table


def run(peer: str) -> Sink:
    """Return what one peer sent."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        child = stack.enter_context(Child(peer, "packets", sink.port))
        child.ask(number=1, per_second=PER_SECOND)
        sink.take()
        child.ask(number=REQUESTS, per_second=PER_SECOND)
        return sink.take()
