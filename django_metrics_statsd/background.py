"""One late-started daemon thread per buffer; safe over forks, exits and SIGTERM.

A `Worker` calls its `work` function every interval, from a thread that starts when it is first needed.
What must happen to all workers when the process forks, ends or is told to end stands here once.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from django_metrics_statsd.safety import failed, say_once

#: Seconds that the end of the process may wait for what is still buffered.
EXIT_DEADLINE = 2.0


class Drainable(Protocol):
    """Something with a buffer that has to go out before the process ends."""

    def flush(self, timeout: float | None = None) -> bool:
        """Send what is buffered within `timeout` seconds; say whether all went."""
        ...

    def reset(self) -> None:
        """Start anew in a child process: forget the parent's buffer, thread, locks and sockets."""
        ...


_all: weakref.WeakSet[Drainable] = weakref.WeakSet()


class Ending:
    """Whether this process was told to end: from then on, nothing should be kept back."""

    told = False


ending = Ending()


class Pause:
    """How long not to try again what failed: a tenth of a second, then twice as long each time."""

    def __init__(self) -> None:
        self._seconds = self._until = 0.0

    @property
    def over(self) -> bool:
        """Whether it may be tried."""
        return monotonic() >= self._until

    def lengthen(self, longest: float) -> None:
        """Begin the next pause: `longest` seconds at most."""
        self._seconds = min(longest, max(0.1, 2 * self._seconds))
        self._until = monotonic() + self._seconds

    def cut(self) -> None:
        """Have it tried now; where it fails again, the pause is longer."""
        self._until = 0.0

    def end(self) -> None:
        """Forget all pauses: it went well."""
        self._seconds = self._until = 0.0


class Worker:
    """A daemon thread that calls `work` every `interval` seconds, or at once when woken.

    A thread that is stopped calls `last` before it ends, for what only it may close.
    """

    def __init__(
        self, work: Callable[[], object], interval: float, name: str, last: Callable[[], object] | None = None
    ) -> None:
        self._work, self._interval, self._name, self._last = work, interval, name, last
        self.reset()

    def reset(self) -> None:
        """Forget the thread (a forked child has none), without touching it."""
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self.pid = os.getpid()

    @property
    def alive(self) -> bool:
        """Whether the thread runs, as far as this process knows."""
        return self._thread is not None and self._thread.is_alive() and self.pid == os.getpid()

    def start(self) -> None:
        """Start the thread unless it runs. Where no thread can start, say so once and go on without."""
        if self._thread is not None and self._thread.is_alive():
            return
        _hook_exits()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no threads left, or the interpreter is shutting down
            self._thread = None
            say_once(self._name, "%s: no thread can be started; sending from requests", self._name)

    def wake(self) -> None:
        """Have the work done now."""
        self._wake.set()

    def stop(self, timeout: float) -> None:
        """End the thread, waiting at most `timeout` seconds for what it is doing."""
        thread, self._thread = self._thread, None
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        me, wake = threading.current_thread(), self._wake
        while self._thread is me:
            wake.wait(self._interval)
            wake.clear()
            self._guarded(self._work)
        if self._last is not None:
            self._guarded(self._last)

    def _guarded(self, function: Callable[[], object]) -> None:
        try:
            function()
        except Exception:
            failed(self._name)


def look_after(drainable: Drainable) -> None:
    """From now on, flush `drainable` when the process ends, and reset it in children."""
    _all.add(drainable)


def let_go(drainable: Drainable) -> None:
    """Look after `drainable` no longer: it was closed."""
    _all.discard(drainable)


def _flush_all() -> None:
    for drainable in list(_all):
        try:
            drainable.flush(EXIT_DEADLINE)
        except Exception:
            failed("background.exit")


def _reset_all() -> None:
    _hooked.clear()
    ending.told = False
    for drainable in list(_all):
        drainable.reset()


def in_children(function: Callable[[], None]) -> None:
    """Have `function` called in every forked child of this process, where there is such a thing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


_hooked: set[str] = set()
in_children(_reset_all)
atexit.register(_flush_all)


def _hook_exits() -> None:
    """Also flush where a child process ends without running ``atexit`` functions.

    multiprocessing's and billiard's (Celery's) children leave through ``os._exit``; the first runs its
    own finalizers before, the second sends a Celery signal. A multiprocessing child begins by forgetting the
    finalizers it inherited, so this is done when a thread starts in the child, not before the fork.
    """
    if "multiprocessing.util" in sys.modules and "multiprocessing" not in _hooked:
        _hooked.add("multiprocessing")
        sys.modules["multiprocessing.util"].Finalize(None, _flush_all, exitpriority=100)
    if "celery.signals" in sys.modules and "celery" not in _hooked:
        _hooked.add("celery")
        sys.modules["celery.signals"].worker_process_shutdown.connect(_on_worker_shutdown, weak=False)


def _on_worker_shutdown(**kwargs: Any) -> None:
    _flush_all()


class _Sigterm:
    """Flush on SIGTERM, then let happen what would have happened without us."""

    def __init__(self, previous: Any) -> None:
        self.previous = previous

    def __call__(self, number: int, frame: Any) -> None:
        ending.told = True
        _flush_all()
        if self.previous is not signal.SIG_DFL:
            self.previous(number, frame)
            return
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def handle_sigterm() -> None:
    """Put our flush before this process's handler of SIGTERM, if that is Python's or the default.

    Works in the main thread only, as ``signal.signal`` does. A handler set in C (uWSGI's) and an ignored
    signal are left alone; who sets a handler later replaces ours.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    previous = signal.getsignal(signal.SIGTERM)
    if previous in {None, signal.SIG_IGN} or isinstance(previous, _Sigterm):
        return
    signal.signal(signal.SIGTERM, _Sigterm(previous))


def release_sigterm() -> None:
    """Take our SIGTERM handler away again, if it is still the one that is set."""
    current = signal.getsignal(signal.SIGTERM)
    if isinstance(current, _Sigterm):
        signal.signal(signal.SIGTERM, current.previous)
