"""The panel with every store, in both modes: tests/toolbar, in a process with settings of its own.

The toolbar patches what it watches when it is installed, and cannot be undone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = "tests.toolbar.settings"


def test_the_panel_in_a_site_of_its_own() -> None:
    command = [sys.executable, "-m", "pytest", "tests/toolbar", f"--ds={SETTINGS}", "-q"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
