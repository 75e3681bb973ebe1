"""Many stats, many names, and names that are none."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from django_metrics_statsd.clients import statsd

THREADS = 3
# A name a stranger may have typed, and what it must not become: a stat of its own.
HOSTILE = [
    "line\nforged:1|c",
    "line\r\nforged:1|c",
    "colon:7|c\nforged",
    "pipe|c",
    "nul\x00forged:1|c",
    "surrogate\ud800forged",
    "tag|#forged:1",
    "rate|@0.1",
    "snow\u2603man",
    "separator\u2028forged:1|c",
    " ",
    "",
    "." * 300,
    "x" * 70_000,
    None,
    b"bytes",
    7,
    ["list"],
]


def resident() -> int:
    """KiB of memory this process holds now."""
    return status("VmRSS")


def peak() -> int:
    """KiB of memory this process ever held."""
    return status("VmHWM")


def status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0


def warm_up() -> int:
    """Have every lazy part of the client made; return the memory that takes."""
    statsd.incr("warm")
    statsd.flush(timeout=3)
    return resident()


def share(total: int) -> None:
    """Four counts for each timing, over ten names each."""
    for number in range(total // 5):
        ten = number % 10
        statsd.incr(f"count.{ten}")
        statsd.incr(f"count.{ten}")
        statsd.incr(f"count.{ten}")
        statsd.incr(f"count.{ten}")
        statsd.timing(f"time.{ten}", 12.5)


def burst(total: str) -> dict[str, Any]:
    """So many stats from three threads, as fast as they can."""
    before = warm_up()
    threads = [threading.Thread(target=share, args=[int(total) // THREADS]) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statsd.flush(timeout=10)
    return {"before": before, "after": resident(), "peak": peak()}


def distinct(total: str) -> dict[str, Any]:
    """So many names, each once."""
    before = warm_up()
    for number in range(int(total)):
        statsd.incr(f"visitor.{number:07}")
    statsd.flush(timeout=10)
    return {"before": before, "after": resident(), "peak": peak()}


def hostile() -> dict[str, Any]:
    """Every way to emit a stat, with each name, value and tag that a stranger may choose."""
    for name in HOSTILE:
        stat: Any = name
        statsd.incr(stat)
        statsd.decr(stat)
        statsd.timing(stat, 1)
        statsd.gauge(stat, 1)
        statsd.set(stat, stat)
        with statsd.timer(stat):
            pass
        statsd.incr("tagged", tags={"tag": stat})
        statsd.incr("valued", stat)
    statsd.incr("sane")
    statsd.flush(timeout=3)
    return {"names": len(HOSTILE)}
