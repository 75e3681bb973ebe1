"""Serve requests at a steady pace, instrumented, or with one client's calls for the same stats."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.children.emitters import emitter
from benchmarks.children.serve import serve

#: What ours sends for one request of the busy view: stats of each type.
COUNTERS, TIMERS = 8, 18


def replay(peer: str, port: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a function that emits a request's stats by `peer`'s own calls, and its flush."""
    client = emitter(peer, port)
    incr, timing = client.statements["incr"], client.statements["timing"]
    source = "\n".join([incr] * COUNTERS + [timing] * TIMERS)
    code = compile(source, "request", "exec")
    return lambda: exec(code, client.scope), client.flush


def serving(peer: str, port: int) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return a function that serves one request, and the flush of what it leaves behind."""
    from benchmarks.children.site import Site  # clients' virtualenvs have no Django

    site = Site(peer, port)
    return lambda: site.get("/busy/"), site.flush


def main(peer: str, port: str) -> None:
    """Serve one run; ``peer:replay`` is a client alone."""
    name, _, kind = peer.partition(":")
    request, flush = (replay if kind == "replay" else serving)(name, int(port))

    def answer(number: int, per_second: float) -> dict[str, float]:
        start = time.monotonic()
        for done in range(number):
            request()
            time.sleep(max(0.0, start + (done + 1) / per_second - time.monotonic()))
        flush()
        return {"seconds": time.monotonic() - start}

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
