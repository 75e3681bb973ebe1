"""Starts and stops real servers: free ports, temporary data, SIGTERM, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
INSTALL = ".ci/install-services"
START_TIMEOUT = 90.0
STOP_TIMEOUT = 20.0


_given: set[tuple[int, int]] = set()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port nobody listened on a moment ago, and that was not given to anybody else in this run."""
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((host, 0))
            port = int(probe.getsockname()[1])
        if (kind, port) not in _given:
            _given.add((kind, port))
            return port


def free_udp_port() -> int:
    return free_port(socket.SOCK_DGRAM)


def wait_until(check: Callable[[], object], what: str, timeout: float = START_TIMEOUT) -> None:
    """Poll until the check holds; fail with the name of what never came.

    It is asked once more after the time is over: the machine may have stood still meanwhile.
    """
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() > deadline
        if check():
            return
        if late:
            pytest.fail(f"waited {timeout:g} s for {what}")
        time.sleep(0.02)


def accepts(port: int) -> bool:
    """Whether somebody listens on this loopback TCP port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def missing(server: str, how: str = INSTALL) -> NoReturn:
    """Skip the test that needs this server, or fail it where nothing may be skipped."""
    message = f"{server} is not installed: run {how}"
    if os.environ.get("STATSD_NO_SKIP") == "1":
        pytest.fail(message)
    pytest.skip(message)


def require(server: str, *candidates: str | Path, how: str = INSTALL) -> str:
    """The first of the candidates (a command, or a path) that can be run."""
    for candidate in candidates:
        if found := shutil.which(candidate):
            return found
    return missing(server, how)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would steer the child by accident."""
    unwanted = ("DJANGO_", "STATSD_", "PYTEST_", "GRAPHITE_", "PYTHONPATH", "COV_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


class Server:
    """One process in its own process group, its output in `log`, stopped when the block ends."""

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        ready: Callable[[], object],
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = [str(part) for part in command]
        self.folder = folder
        self.ready = ready
        self.env = environment(env)
        self.log_file = folder / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it and wait until it is ready; a process that ends early fails with its output."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self._up, f"{self.name} to start:\n{self.log()}")
        except BaseException:
            self.kill()
            raise
        return self

    def _up(self) -> bool:
        if self.running().poll() is not None:
            pytest.fail(f"{self.name} ended with {self.running().returncode}:\n{self.log()}")
        return bool(self.ready())

    def running(self) -> subprocess.Popen[bytes]:
        assert self.process is not None, f"{self.name} was not started"
        return self.process

    def log(self) -> str:
        """Everything it wrote so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def stop(self) -> int:
        """Ask it to end, wait for it and for all its children; return its exit status."""
        process = self.running()
        if process.poll() is None:
            process.send_signal(self.stop_signal)
        try:
            status = process.wait(STOP_TIMEOUT)
            wait_until(lambda: not self.members(), f"the children of {self.name} to end", 5)
        finally:
            self.kill()
        return status

    def members(self) -> bool:
        """Whether any process of its group still lives."""
        try:
            os.killpg(self.running().pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """The last resort, for the whole group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and self.running().poll() is None:
            print(f"--- {self.name} ---\n{self.log()}", file=sys.stderr)
        self.stop()
