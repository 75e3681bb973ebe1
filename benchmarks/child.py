"""Children: started in their own virtualenv, asked by one line of JSON, answering by another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Self

from benchmarks.peers import ROOT, python

Answer = dict[str, float]

#: Nothing of the caller's environment may make one child differ from another.
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", ""),
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def command(peer: str, module: str, arguments: Sequence[object]) -> list[str]:
    """Return the command line that runs ``benchmarks.children.{module}`` for `peer`."""
    interpreter = python(peer.partition(":")[0])
    return [interpreter, "-m", f"benchmarks.children.{module}", peer, *map(str, arguments)]


class Child:
    """One running child."""

    def __init__(self, peer: str, module: str, *arguments: object) -> None:
        self.peer = peer
        self._process = subprocess.Popen(
            command(peer, module, arguments),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: Any) -> Answer:
        """Have one round done and return its numbers."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a child needs both pipes")
        stdin.write(json.dumps(question) + "\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"the child of {self.peer} ended with code {self._process.wait()}")
        answer: Answer = json.loads(line)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.communicate()


def interleave(children: Mapping[str, Child], rounds: int, **question: Any) -> dict[str, list[Answer]]:
    """Ask A B C, A B C, …, so that what disturbs the machine disturbs all of them alike."""
    answers: dict[str, list[Answer]] = {name: [] for name in children}
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        for name, child in children.items():
            answers[name].append(child.ask(**question))
    progress("")
    return answers


def progress(text: str) -> None:
    """Say on a terminal what is being done; the next call writes over it."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="\r", file=sys.stderr, flush=True)
