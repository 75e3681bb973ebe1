"""What does one call of ``incr`` or ``timing`` cost its caller, and what the whole process?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from benchmarks.child import Child, interleave
from benchmarks.peers import OURS, title
from benchmarks.report import Table
from benchmarks.sink import Sink

NUMBER, BURST = 50_000, 1_000
ROUNDS = 9

OPERATIONS: dict[str, tuple[str, ...]] = {
    "incr": (OURS, "statsd", "prometheus_client", "datadog", "opentelemetry"),
    "timing": (OURS, "statsd", "prometheus_client", "datadog", "opentelemetry"),
    "incr with tags": (f"{OURS}:tags", "prometheus_client", "datadog", "opentelemetry"),
}
KINDS = {
    "burst": f"What a call costs its caller, in bursts of {BURST:,}, as requests make them, the least of 50",
    "flat": f"What a call costs its caller, {NUMBER:,} without a pause",
    "process": "What a call costs the process, user and system CPU, until all is sent",
}
BUDGETS = {
    ("incr", "burst", "statsd"): 1 / 20,
    ("incr", "burst", "prometheus_client"): 1 / 3,
    ("incr", "process", "statsd"): 1 / 8,
}


def measure(operation: str) -> dict[str, dict[str, float]]:
    """Return the medians of each peer, and the share of its events that reached the socket."""
    with ExitStack() as stack:
        sinks = {peer: stack.enter_context(Sink()) for peer in OPERATIONS[operation]}
        children = {
            peer: stack.enter_context(Child(peer, "emit", sink.port, operation))
            for peer, sink in sinks.items()
        }
        answers = interleave(children, ROUNDS, number=NUMBER, burst=BURST)
        figures = {
            peer: {kind: median(answer[kind] for answer in got) for kind in KINDS}
            for peer, got in answers.items()
        }
        for peer, sink in sinks.items():
            figures[peer]["arrived"] = sink.take().events / (2 * ROUNDS * NUMBER)
        return figures


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    made = {kind: Table(f"{about} (median of {ROUNDS} rounds)") for kind, about in KINDS.items()}
    for operation in OPERATIONS:
        figures = measure(operation)
        for kind, table in made.items():
            _add(table, operation, kind, figures)
        made["process"].notes.append(f"{operation}, {_arrived(figures)}")
    yield from made.values()


def _add(table: Table, operation: str, kind: str, figures: dict[str, dict[str, float]]) -> None:
    ours, *peers = figures
    table.add(operation, title(ours), figures[ours][kind], "ns")
    for peer in peers:
        budget = BUDGETS.get((operation, kind, peer))
        table.add(operation, title(peer), figures[peer][kind], "ns", figures[ours][kind], budget)


def _arrived(figures: dict[str, dict[str, float]]) -> str:
    shares = {title(peer): got["arrived"] for peer, got in figures.items() if got["arrived"]}
    listed = "; ".join(f"{name} {share:.2%}" for name, share in shares.items())
    return f"events that reached the reader of the socket: {listed}"
