"""Types that users get: the example must pass strict mypy, and a wrong use must not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WRONG = """
from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.clients import statsd

def twice(number: int) -> int:
    return 2 * number

timed = statsd.timer("x")(twice)
timed("text")
BaseClient().gauge("a", "text")
statsd.nothing()
"""


def mypy(*files: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *files],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
    )


def test_the_example_is_right_and_a_wrong_use_is_told(tmp_path: Path) -> None:
    """One run for both: starting the type checker is what takes time."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    done = mypy("tests/typing_example.py", str(wrong))
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert not [line for line in errors if "typing_example" in line], done.stdout
    assert [line.partition("[")[2] for line in errors if "wrong.py" in line] == [
        "arg-type]",
        "arg-type]",
        "attr-defined]",
    ], done.stdout + done.stderr
