"""Ten thousand calls leave no thread, no connection, no file and no memory behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.services.harness import ROOT, environment

CALLS = 10_000
#: MiB of resident memory that all calls together may keep.
MOST = 8


def test_ten_thousand_calls_leave_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.health_servers.soak", str(tmp_path), str(CALLS)]
    env = environment({"PYTHONPATH": str(ROOT)})
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    threads, files, memory = (
        after - before for before, after in zip(found["before"], found["after"], strict=True)
    )
    assert threads <= 0
    assert files <= 0
    assert memory < MOST
    assert found["left"] == []
