"""Serve requests: a fixed number, counted from outside, or rounds, timed here."""

from __future__ import annotations

import gc
import os
import sys
import time
from functools import partial

from benchmarks.children.serve import serve
from benchmarks.children.site import Site

_WARM_UP = 50
_A_SECOND = 100


def warmed(site: Site) -> Site:
    """Serve the first requests, and put what start-up has made out of the collector's way."""
    for _ in range(_WARM_UP):
        site.get("/empty/")
        site.get("/busy/")
    site.flush()
    gc.collect()
    gc.freeze()
    return site


def run(site: Site, view: str, number: int) -> None:
    """Serve `number` requests."""
    path = f"/{view}/"
    for _ in range(number):
        site.get(path)


def timed(site: Site, view: str, number: int) -> dict[str, float]:
    """Return microseconds per request: of the clock, and of the whole process's CPU until all is sent.

    Sending is no part of the first, as nobody waits for it, and ours rests between packets.
    """
    clock, cpu = time.perf_counter(), time.process_time()
    run(site, view, number)
    waited = time.perf_counter() - clock
    site.flush()
    return {"clock": waited / number * 1e6, "cpu": (time.process_time() - cpu) / number * 1e6}


def counted(site: Site, number: int, views: list[str]) -> None:
    """Serve `number` requests of each view, with marks between them for callgrind.

    What was gathered is sent every 100 requests, as at a hundred requests a second. The clock cannot
    say when: under valgrind a second is short, and how short depends on who else uses the machine.
    """
    mark = os.getloadavg
    mark()
    for view in views:
        for _ in range(number // _A_SECOND):
            run(site, view, _A_SECOND)
            site.flush()
        mark()


def main(peer: str, port: str, number: str = "", *views: str) -> None:
    """Serve timed rounds, or with a number, that many requests of each view."""
    if number:
        site = warmed(Site(peer, int(port), STATSD_FLUSH_INTERVAL=60))
        counted(site, int(number), list(views))
    else:
        serve(partial(timed, warmed(Site(peer, int(port)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
