"""The harness itself: what is missing is named, what was started is gone."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.services.harness import INSTALL, Server, require

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_server_skips_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATSD_NO_SKIP", raising=False)
    with pytest.raises(pytest.skip.Exception, match=f"Nothing is not installed: run {INSTALL}"):
        require("Nothing", "no-such-command")


def test_a_missing_server_fails_where_nothing_may_be_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STATSD_NO_SKIP", "1")
    with pytest.raises(pytest.fail.Exception, match="Nothing is not installed"):
        require("Nothing", "no-such-command")


def test_nothing_remains(tmp_path: Path) -> None:
    """Neither the process nor the child it started."""
    program = (
        "import signal, subprocess, sys; child = subprocess.Popen(['sleep', '60']);"
        "signal.signal(signal.SIGTERM, lambda *_: (child.kill(), child.wait(), sys.exit(3)));"
        "print('up', flush=True); signal.pause()"
    )
    server = Server("sample", [sys.executable, "-c", program], tmp_path, lambda: "up" in server.log())
    server.start()
    group = server.running().pid
    assert server.stop() == 3
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_a_server_that_ends_early_fails_with_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no configuration')"]
    with pytest.raises(pytest.fail.Exception, match="no configuration"):
        Server("sample", command, tmp_path, lambda: False).start()
