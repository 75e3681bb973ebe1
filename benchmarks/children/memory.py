"""Flood a client and say what the process weighs, before, at most, and after."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from benchmarks.children.emitters import Emitter, emitter
from benchmarks.children.serve import serve

_STEPS = 100


def resident(field: str = "VmRSS") -> float:
    """Return this process's resident memory in MiB (``VmHWM``: the most it ever was)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def flood(peer: Emitter, operations: list[str], number: int, names: int) -> dict[str, float]:
    """Emit `number` stats over `names` names, in turn by each operation."""
    body = "; ".join(peer.statements[operation] for operation in operations)
    code = compile(f"for name in chosen: {body}", "flood", "exec")
    gc.collect()
    before = most = resident()
    share = number // len(operations) // _STEPS
    for step in range(_STEPS):
        first = step * share
        chosen = (f"bench.user{(first + n) % names}.seen" for n in range(share))
        exec(code, peer.scope | {"chosen": chosen})
        most = max(most, resident())
    peer.flush()
    gc.collect()
    return {"before": before, "most": most, "after": resident()}


def main(peer: str, port: str) -> None:
    """Serve one flood, after a first stat has started what starts late."""
    subject = emitter(peer, int(port))
    exec(subject.statements["incr"], subject.scope)
    subject.flush()

    def answer(operations: list[str], number: int, names: int) -> dict[str, float]:
        return flood(subject, operations, number, names)

    serve(answer)


if __name__ == "__main__":
    main(*sys.argv[1:])
