"""``python -m benchmarks [QUESTION ...]``: measure and print the tables."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys

QUESTIONS = ("emit", "requests", "memory", "packets")
EXTRA = (
    "parts",
    "beacon",
    "hits_requests",
    "hits_agents",
    "hits_collect",
    "hits_influx",
    "hits_storage",
    "hits_admin",
    "health",
    "charts",
    "monitoring",
    "monitoring_store",
    "dashboard_streams",
)


def main() -> int:
    """Ask the questions; the exit status says whether every budget is kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=", ".join(QUESTIONS + EXTRA))
    questions = parser.parse_args().questions or QUESTIONS
    unknown = set(questions) - {*QUESTIONS, *EXTRA}
    if unknown:
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    if len(questions) > 1:  # some set up a Django of their own, of which a process can have one
        return max([_ask_apart(question) for question in questions])
    met = True
    for table in importlib.import_module(f"benchmarks.{questions[0]}").tables():
        table.show()
        met = met and table.met
    return 0 if met else 1


def _ask_apart(question: str) -> int:
    return subprocess.call([sys.executable, "-m", "benchmarks", question])


if __name__ == "__main__":
    sys.exit(main())
