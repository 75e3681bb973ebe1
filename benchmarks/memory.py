"""Does a flood of stats, or of names, leave the process as small as it was?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.child import Child
from benchmarks.peers import OURS, title
from benchmarks.report import Table
from benchmarks.sink import Sink

#: The most that the process may weigh, above what it weighed before, in MiB.
BUDGET = 32.0
_INCR, _TIMING = "incr of many names", "timing of many names"


@dataclass(frozen=True)
class Flood:
    """`number` stats over `names` names, emitted in turn by each operation."""

    about: str
    operations: tuple[str, ...]
    number: int
    names: int
    peers: tuple[str, ...]


FLOODS = (
    Flood("10 million stats, 10 names, counters", (_INCR,), 10_000_000, 10, (OURS,)),
    Flood("10 million stats, 10 names, timers", (_TIMING,), 10_000_000, 10, (OURS,)),
    Flood(
        "100,000 names, a counter and a timer each",
        (_INCR, _TIMING),
        200_000,
        100_000,
        (OURS, "statsd", "prometheus_client", "datadog", "opentelemetry"),
    ),
)


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    grown = Table("Memory that a flood leaves behind, MiB more than before (budget: at most 32)")
    for flood in FLOODS:
        for peer in flood.peers:
            _add(grown, flood, peer)
    yield grown


def _add(table: Table, flood: Flood, peer: str) -> None:
    with Sink() as sink, Child(peer, "memory", sink.port) as child:
        sink.take()
        got = child.ask(operations=flood.operations, number=flood.number, names=flood.names)
        arrived = sink.take().events / flood.number
    after, most = got["after"] - got["before"], got["most"] - got["before"]
    limit = BUDGET if peer == OURS else None
    table.add(flood.about, title(peer), after, "MiB", limit=limit)
    table.add("  at most, while it lasts", title(peer), most, "MiB", limit=limit)
    if arrived:
        table.notes.append(f"{flood.about}, {title(peer)}: {arrived:.1%} reached the socket's reader")
