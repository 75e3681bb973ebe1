"""Emit one stat many times: what it costs the caller, and what it costs the process."""

from __future__ import annotations

import resource
import sys
import timeit
from functools import partial

from benchmarks.children.emitters import Emitter, emitter
from benchmarks.children.serve import serve

#: ``timeit`` switches the collector off, and no site runs without.
_SETUP = "import gc; gc.enable()"


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def round_of(peer: Emitter, operation: str, number: int, burst: int) -> dict[str, float]:
    """Return nanoseconds per call.

    ``burst`` is what the caller waits for, in bursts as requests make them, with what was gathered sent
    in between, off the clock: the least of them, as the others tell of whatever else the machine did
    (so advise the docs of timeit). ``flat`` is the same without a pause, and ``process`` the CPU
    that this took until all was sent.
    """
    statement = timeit.Timer(peer.statements[operation], _SETUP, globals=peer.scope)
    bursts: list[float] = []
    for _ in range(number // burst):
        bursts.append(statement.timeit(burst))
        peer.flush()
    before = _cpu()
    flat = statement.timeit(number)
    peer.flush()
    process = _cpu() - before
    seconds = {"burst": min(bursts) * number / burst, "flat": flat, "process": process}
    return {name: taken / number * 1e9 for name, taken in seconds.items()}


def main(peer: str, port: str, operation: str) -> None:
    """Serve rounds of one operation."""
    subject = emitter(peer, int(port))
    serve(partial(round_of, subject, operation))


if __name__ == "__main__":
    main(*sys.argv[1:])
