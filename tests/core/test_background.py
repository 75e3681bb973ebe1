from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from django_metrics_statsd import background
from django_metrics_statsd.background import Worker
from tests.conftest import Wire

ROOT = Path(__file__).parents[2]
PROLOGUE = """
import os, signal, sys, threading
from django.conf import settings
settings.configure(
    STATSD_URL=sys.argv[1], STATSD_FLUSH_INTERVAL=60, INSTALLED_APPS=["django_metrics_statsd"],
)
import django
django.setup()
from django_metrics_statsd.clients import statsd
"""


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker whose work is put in place by the test as ``worker.job``."""
    made = Worker(lambda: made.job(), 0.01, "tests")  # type: ignore[attr-defined]
    made.job = lambda: None  # type: ignore[attr-defined]
    yield made
    made.stop(5)


def test_the_thread_starts_when_it_is_first_needed_and_once(worker: Worker) -> None:
    assert not worker.alive
    worker.start()
    threads = threading.enumerate()
    worker.start()
    assert worker.alive
    assert threading.enumerate() == threads
    assert [thread.daemon for thread in threads if thread.name == "tests"] == [True]
    worker.stop(5)
    assert not worker.alive


def test_work_is_done_every_interval(worker: Worker) -> None:
    done = threading.Semaphore(0)
    worker.job = done.release  # type: ignore[attr-defined]
    worker.start()
    assert all(done.acquire(timeout=5) for _ in range(3))


def test_wake_has_it_done_now() -> None:
    done = threading.Event()
    slow = Worker(done.set, 600, "tests")
    slow.start()
    slow.wake()
    assert done.wait(5)
    slow.stop(5)


def test_work_that_fails_is_done_again(worker: Worker, faults: dict[str, int]) -> None:
    done = threading.Semaphore(0)

    def fail() -> None:
        done.release()
        raise RuntimeError("no")

    worker.job = fail  # type: ignore[attr-defined]
    worker.start()
    assert done.acquire(timeout=5)
    assert done.acquire(timeout=5)
    worker.stop(5)
    assert faults["tests"] >= 2


def test_a_worker_can_be_stopped_by_its_own_work_and_started_again(worker: Worker) -> None:
    done = threading.Event()

    def once() -> None:
        worker.stop(5)
        done.set()

    worker.job = once  # type: ignore[attr-defined]
    worker.start()
    assert done.wait(5)
    done.clear()
    worker.start()
    assert done.wait(5)


def test_where_no_thread_can_start_that_is_said_once(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    worker.start()
    worker.start()
    assert not worker.alive
    assert caplog.messages == ["tests: no thread can be started; sending from requests"]


class Drain:
    def __init__(self) -> None:
        self.flushed: list[float | None] = []

    def flush(self, timeout: float | None = None) -> bool:
        self.flushed.append(timeout)
        return True

    def reset(self) -> None:
        """Nothing to forget."""


class BrokenDrain(Drain):
    def flush(self, timeout: float | None = None) -> bool:
        raise RuntimeError("no")


@pytest.fixture
def drained(monkeypatch: pytest.MonkeyPatch) -> Iterator[Drain]:
    """Something looked after, next to something that fails; no SIGTERM handler of ours at first."""
    drains = [BrokenDrain(), Drain()]
    before = signal.getsignal(signal.SIGTERM)
    background.release_sigterm()
    for drain in drains:
        background.look_after(drain)
    yield drains[1]
    background.ending.told = False
    signal.signal(signal.SIGTERM, before)


def test_sigterm_flushes_and_then_the_handler_that_was_there_runs(
    drained: Drain, faults: dict[str, int]
) -> None:
    calls: list[Any] = []
    signal.signal(signal.SIGTERM, lambda number, frame: calls.append((number, list(drained.flushed))))
    background.handle_sigterm()
    background.handle_sigterm()  # a second time changes nothing
    signal.raise_signal(signal.SIGTERM)
    assert calls == [(signal.SIGTERM, [background.EXIT_DEADLINE])]
    assert background.ending.told
    assert faults == {"background.exit": 1}


def test_release_puts_the_former_handler_back(drained: Drain) -> None:
    def mine(number: int, frame: Any) -> None: ...

    signal.signal(signal.SIGTERM, mine)
    background.handle_sigterm()
    assert signal.getsignal(signal.SIGTERM) is not mine
    background.release_sigterm()
    assert signal.getsignal(signal.SIGTERM) is mine
    background.release_sigterm()
    assert signal.getsignal(signal.SIGTERM) is mine


def test_an_ignored_sigterm_stays_ignored(drained: Drain) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    background.handle_sigterm()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_signals_are_for_the_main_thread(drained: Drain) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    thread = threading.Thread(target=background.handle_sigterm)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def run(server: Wire, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *options, "-c", PROLOGUE + script, server.url],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
    )


def lines(server: Wire) -> list[str]:
    return sorted(line for packet in server.packets() for line in packet.decode().split("\n"))


def test_what_is_buffered_goes_out_when_the_interpreter_ends(server: Wire) -> None:
    done = run(server, "statsd.incr('a'); statsd.timing('b', 2)")
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(server) == ["a:1|c", "b:2|ms"]


def test_what_is_buffered_goes_out_on_sigterm_which_still_kills(server: Wire) -> None:
    done = run(server, "statsd.incr('a'); os.kill(os.getpid(), signal.SIGTERM); print('survived')")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "", "")
    assert lines(server) == ["a:1|c"]


def test_a_forked_child_sends_its_own_stats_and_none_of_its_parents(server: Wire) -> None:
    done = run(
        server,
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
statsd.incr("parent")
pid = os.fork()
if not pid:
    statsd.incr("child")
    assert statsd.flush(5)
    assert threading.active_count() == 2
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(server) == ["child:1|c", "parent:1|c"]


def test_children_of_multiprocessing_flush_at_their_end(server: Wire) -> None:
    done = run(
        server,
        """
import multiprocessing, warnings
warnings.simplefilter("ignore", DeprecationWarning)
def work():
    statsd.incr("child")
context = multiprocessing.get_context("fork")
children = [context.Process(target=work) for _ in range(3)]
[child.start() for child in children]
[child.join() for child in children]
assert [child.exitcode for child in children] == [0, 0, 0]
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(server) == ["child:1|c"] * 3


def test_a_fork_that_python_was_not_told_of_is_seen_at_the_next_request(server: Wire) -> None:
    """uWSGI forks in C: no Python fork hook runs. ctypes does the same here."""
    done = run(
        server,
        """
import ctypes, warnings
statsd.incr("parent")
pid = ctypes.PyDLL(None).fork()
if not pid:
    statsd.tick()
    statsd.incr("child")
    assert statsd.flush(5)
    os._exit(0)
assert os.waitpid(pid, 0)[1] == 0
""",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(server) == ["child:1|c", "parent:1|c"]


def test_nothing_is_opened_resolved_or_started_at_start_up(server: Wire) -> None:
    done = run(
        server,
        """
import socket
assert threading.active_count() == 1
for number in os.listdir("/proc/self/fd"):
    place = f"/proc/self/fd/{number}"
    assert not os.path.lexists(place) or not os.readlink(place).startswith("socket:")
assert not statsd.made
""",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_celerys_children_flush_at_their_end(drained: Drain, faults: dict[str, int]) -> None:
    from celery.signals import worker_process_shutdown

    background.look_after(drained)
    worker_process_shutdown.send(sender=None, pid=1, exitcode=0)
    assert drained.flushed == [background.EXIT_DEADLINE]
