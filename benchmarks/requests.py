"""What does a request cost? In instructions where there is valgrind, and by the clock everywhere.

Instructions are counted by callgrind, all threads together, between marks that the child sets, so that
start-up is not in them. Such figures repeat to a fraction of a percent, whatever else the machine does.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import MappingProxyType

from benchmarks.child import ENVIRONMENT, Child, command, interleave, progress
from benchmarks.peers import OURS, ROOT, title
from benchmarks.report import Table
from benchmarks.sink import Sink

BARE = "bare"
PEERS = ("django-prometheus", "django-statsd", "opentelemetry")
VIEWS = {"empty": "empty view", "busy": "5 queries, 10 cache calls"}
BUDGETS = {("empty", "django-prometheus"): 1 / 6, ("busy", "django-prometheus"): 1 / 5}
COUNTED = 500
ROUNDS, NUMBER = 15, 300

_TOTALS = re.compile(r"^totals: (\d+)", re.MULTILINE)
#: The child calls ``os.getloadavg`` as a mark: nothing else does.
_VALGRIND = ("valgrind", "--tool=callgrind", "--dump-before=getloadavg")


def instructions(peer: str) -> dict[str, float]:
    """Return the instructions of one request, by view.

    The child marks where start-up ends and where the requests of each view end.
    """
    progress(f"counting the instructions of {title(peer)}")
    with Sink() as sink, TemporaryDirectory() as folder:
        profile = Path(folder, "profile")
        valgrind = [*_VALGRIND, f"--callgrind-out-file={profile}"]
        line = [*valgrind, *command(peer, "requests", [sink.port, COUNTED, *VIEWS])]
        done = subprocess.run(line, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(line)} failed:\n{done.stderr}")
        parts = [profile.with_name(f"profile.{number + 2}") for number in range(len(VIEWS))]
        return {view: _total(part) / COUNTED for view, part in zip(VIEWS, parts, strict=True)}


def _total(part: Path) -> int:
    found = _TOTALS.search(part.read_text())
    if not found:
        raise RuntimeError(f"{part} has no totals")
    return int(found[1])


def counted() -> Table:
    """Count instructions, if valgrind is here."""
    table = Table(f"What a request costs, in thousands of instructions ({COUNTED} requests a view)")
    if not shutil.which("valgrind"):
        table.notes.append("not counted: valgrind is not installed")
        return table
    figures = {peer: instructions(peer) for peer in (BARE, OURS, *PEERS)}
    _fill(table, figures, "k", 1 / 1000, BUDGETS)
    return table


def timed(kind: str, about: str, answers: dict[str, dict[str, list[dict[str, float]]]]) -> Table:
    """Return the table of one kind of timing."""
    table = Table(f"What a request costs, {about}: median of {ROUNDS} rounds of {NUMBER} requests")
    figures = {
        peer: {view: median(answer[kind] for answer in answers[view][peer]) for view in VIEWS}
        for peer in (BARE, OURS, *PEERS)
    }
    _fill(table, figures, "us")
    return table


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        children = {
            peer: stack.enter_context(Child(peer, "requests", sink.port)) for peer in (BARE, OURS, *PEERS)
        }
        answers = {view: interleave(children, ROUNDS, view=view, number=NUMBER) for view in VIEWS}
    yield timed("clock", "by the clock", answers)
    yield timed("cpu", "CPU of the whole process", answers)
    yield counted()


def _fill(
    table: Table,
    figures: dict[str, dict[str, float]],
    unit: str,
    scale: float = 1,
    budgets: Mapping[tuple[str, str], float] = MappingProxyType({}),
) -> None:
    """Add the rows: Django alone, then what each of the others adds to it."""
    for view, about in VIEWS.items():
        bare = figures[BARE][view] * scale
        added = {peer: got[view] * scale - bare for peer, got in figures.items() if peer != BARE}
        table.add(about, title(BARE), bare, unit)
        table.add(about, f"+ {title(OURS)}", added.pop(OURS), unit)
        ours = figures[OURS][view] * scale - bare
        for peer, cost in added.items():
            budget = budgets.get((view, peer))
            table.add(about, f"+ {title(peer)}", cost, unit, ours, budget)
