"""What a process of its own does to its stats: `python -m project.scenarios NAME ARGUMENTS`.

Each scenario prints one JSON object: what it saw, and what the client counted.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import django
from project import floods, moves, stores

if TYPE_CHECKING:
    from collections.abc import Callable

Found = dict[str, Any]
said: list[str] = []


class Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        said.append(record.getMessage())


def fault(calls: str, rounds: str = "1", settle: str = "3") -> Found:
    """Emit so often, flush, again; how long the caller and the flush were held up."""
    from django_metrics_statsd.clients import statsd

    emitting = working = flushing = 0.0
    for _ in range(int(rounds)):
        started, begun = time.perf_counter(), time.thread_time()
        for number in range(int(calls)):
            statsd.incr("hit")
            statsd.timing("took", number)
        emitting += time.perf_counter() - started
        working += time.thread_time() - begun
        started = time.perf_counter()
        statsd.flush(timeout=float(settle))
        flushing = max(flushing, time.perf_counter() - started)
    return {"emitting": emitting, "working": working, "flushing": flushing}


def ticker() -> Found:
    """Emit one count every 5 ms until standard input ends."""
    from django_metrics_statsd.clients import statsd

    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    count = 0
    while not ended.wait(0.005):
        statsd.incr("tick")
        count += 1
    statsd.flush(timeout=3)
    return {"emitted": count}


SCENARIOS: dict[str, Callable[..., Found]] = {
    "fault": fault,
    "ticker": ticker,
    "burst": floods.burst,
    "distinct": floods.distinct,
    "hostile": floods.hostile,
    "moving": moves.moving,
    "database": stores.database,
    "cache": stores.cache,
}


def main(name: str, *args: str) -> None:
    logging.getLogger("django_metrics_statsd").addHandler(Listener())
    django.setup()
    from django_metrics_statsd.clients import statsd

    found = SCENARIOS[name](*args)
    statsd.flush(timeout=5)
    found |= {"telemetry": statsd.telemetry(), "said": said, "ended": time.time()}
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
