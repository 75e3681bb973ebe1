"""What roads out of a process have in common: an append at the caller, everything else in one thread.

What is put on a road waits in a bounded buffer that a late-started daemon thread empties. What cannot go on
waits there; past the bound the oldest are dropped, and every drop is counted.
"""

from __future__ import annotations

import os
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final, Generic, NamedTuple, TypeVarTuple

from django_metrics_statsd import background
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.safety import Telemetry

#: How long a flush waits at most, in seconds, unless it is told.
PATIENCE: Final = 10.0
_POLL: Final = 0.01

Item = TypeVarTuple("Item")


class Pace(NamedTuple):
    """How many may wait, at how many the thread is woken, and how often it works anyway, in seconds."""

    limit: int
    wake_at: int
    interval: float


class BaseRoad(ABC, Generic[*Item]):
    """Takes items from any thread, and has them carried on.

    Args:
        name: of the thread, and of the stats of what is dropped: ``{name}.dropped.{reason}``.

    Attributes:
        counts: how many items were sent, and how many were dropped for which reason.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.counts = Telemetry()
        self._told: dict[str, int] = {}
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._waiting: deque[tuple[*Item]] = deque()
        self._worker: background.Worker | None = None
        self._pid = 0
        self._limit, self._wake_at = 50_000, 1_000
        self._pause = background.Pause()
        self._busy = False

    @abstractmethod
    def _pace(self) -> Pace:
        """Return what the settings say."""

    @abstractmethod
    def _work(self) -> None:
        """Carry on what there is. In the thread."""

    def _hang_up(self) -> None:
        """Let go of what only the thread may let go of, when it ends."""

    def _after(self) -> Callable[[], object] | None:
        """Return what is to be done when the thread has ended."""
        return None

    def _flush_beyond(self, timeout: float) -> bool:
        """Have what has left this road go on; wait at most `timeout` seconds, and say whether it went."""
        return True

    def put(self, *item: *Item) -> None:
        """Have the thread carry an item."""
        if self._pid != os.getpid():
            self._begin()
        waiting = self._waiting
        waiting.append(item)
        count = len(waiting)
        if count > self._limit:
            self._drop_oldest()
        elif not count % self._wake_at:
            self._wake()

    def _begin(self) -> None:
        """Read the settings and start the thread, in this process."""
        with self._lock:
            if self._pid == os.getpid():
                return
            if self._pid:  # forked, without Python having been told
                self.reset()
            self._limit, self._wake_at, interval = self._pace()
            self._worker = background.Worker(self._round, interval, self._name, self._hang_up)
            background.look_after(self)
            self._worker.start()
            self._pid = os.getpid()

    def _wake(self) -> None:
        worker = self._worker
        if worker is not None:
            worker.start()
            worker.wake()

    def _drop_oldest(self) -> None:
        try:
            self._waiting.popleft()
            self.counts.drop("buffer_full")
            if self._worker is not None:
                self._worker.start()  # if it died
        except IndexError:  # the thread was faster
            pass

    def _round(self) -> None:
        """Work, and tell StatsD of drops. In the thread."""
        self._busy = True
        try:
            self._work()
            self._report()
        finally:
            self._busy = False

    def _may_try(self) -> bool:
        return self._pause.over or background.ending.told

    def _report(self) -> None:
        """Tell StatsD what has been dropped since the last report."""
        for reason, count in list(self.counts.dropped.items()):
            new = count - self._told.get(reason, 0)
            if new:
                statsd.incr(f"{self._name}.dropped.{reason}", new)
                self._told[reason] = count

    @property
    def waiting(self) -> int:
        """How many items have not left this process yet."""
        return len(self._waiting)

    def flush(self, timeout: float | None = None) -> bool:
        """Have everything carried now; wait for it at most `timeout` seconds (None: 10); say whether it was.

        The thread does it, never the caller, which may be in the middle of a transaction.
        """
        if self._pid != os.getpid():
            return True
        deadline = monotonic() + (PATIENCE if timeout is None else timeout)
        self._pause.cut()
        while self.waiting or self._busy:
            self._wake()
            if monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return self._flush_beyond(max(0.0, deadline - monotonic()))

    def reset(self) -> None:
        """Start anew in a child process: what waits is the parent's."""
        self._lock = threading.RLock()
        self._forget()

    def close(self) -> None:
        """Carry what is left, end the thread, let go of connections. The next item begins anew."""
        if self._pid != os.getpid():
            return
        self.flush(background.EXIT_DEADLINE)
        with self._lock:
            worker, after = self._worker, self._after()
            self.counts.drop("closed", self.waiting)
            self._forget()
        background.let_go(self)
        if worker is not None:
            worker.stop(background.EXIT_DEADLINE)
        if after is not None:
            after()
