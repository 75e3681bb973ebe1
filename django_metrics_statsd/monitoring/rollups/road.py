"""The road from ``add`` to the database: a bounded buffer that one late-started thread writes from.

What cannot be written waits, and is tried again; past ``MONITORING_BUFFER`` the oldest are dropped, and
counted. What was told to a process that is killed without notice within the second is lost.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from django_metrics_statsd import background
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring.conf import IMMEDIATE, conf, on_change
from django_metrics_statsd.monitoring.rollups.points import Sample
from django_metrics_statsd.safety import Telemetry, say_once

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.rollups.writing import Written

Added = tuple[Any, Sample]

#: Longest pauses in seconds: where nothing can be written, and where something can.
_MAX_DELAY, _SHORT_DELAY = 30.0, 2.0
_POLL = 0.01
#: How many samples are written in one transaction.
BATCH = 5_000
#: At how many waiting ones the thread is woken before its time.
_WAKE = 1_000


class Road:
    """Takes samples from any thread and has them written.

    Attributes:
        counts: how many samples were written, and how many were dropped for which reason.
    """

    def __init__(self) -> None:
        self.counts = Telemetry()
        self._told: dict[str, int] = {}
        self._lock = threading.RLock()
        self._forget()

    def _forget(self) -> None:
        self._waiting: deque[Added] = deque()
        self._worker: background.Worker | None = None
        self._pid = 0
        self._limit = 50_000
        self._delay = self._not_before = 0.0
        self._busy = False

    def put(self, model: Any, sample: Sample) -> None:
        """Have the thread write a sample."""
        if self._pid != os.getpid():
            self._begin()
        waiting = self._waiting
        waiting.append((model, sample))
        count = len(waiting)
        if count > self._limit:
            self._drop_oldest()
        elif not count % _WAKE:
            self._wake()

    def hold(self, model: Any, sample: Sample) -> None:
        """Keep a sample for whoever writes next, without a thread."""
        self._waiting.append((model, sample))
        if len(self._waiting) > conf.MONITORING_BUFFER:
            self._drop_oldest()

    def _begin(self) -> None:
        """Read the settings and start the thread, in this process."""
        with self._lock:
            if self._pid == os.getpid():
                return
            if self._pid:  # forked, without Python having been told
                self.reset()
            self._limit = conf.MONITORING_BUFFER
            name = "django_metrics_statsd.monitoring"
            self._worker = background.Worker(self._round, conf.MONITORING_FLUSH_INTERVAL, name, _hang_up)
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
        """Write what there is, tell StatsD of drops, and throw away what is too old. In the thread."""
        self._busy = True
        try:
            with muted():
                if monotonic() >= self._not_before or background.ending.told:
                    self._write()
                if not background.ending.told:
                    self._maintain()
            self._report()
        finally:
            self._busy = False

    def _write(self) -> None:
        from django.db import close_old_connections

        try:
            left = len(self._waiting)
            waits = False
            while left > 0 and self._waiting:  # each once, as what one model has to keep goes to the end
                left -= BATCH
                written = self._write_batch(self._take())
                waits = waits or bool(written.kept)
                if written.nothing:
                    self._put_off(_MAX_DELAY)
                    return
            if waits:
                self._put_off(_SHORT_DELAY)
            else:
                self._delay = self._not_before = 0.0
        finally:
            close_old_connections()

    def write_here(self) -> bool:
        """Write one batch in this thread, within its transaction; say whether some has to wait."""
        return bool(self._write_batch(self._take()).kept)

    def write_now(self, model: Any, sample: Sample) -> None:
        """Write a sample in this thread, within its transaction, and what event loops have left."""
        self._write_batch([*self._take(), (model, sample)])

    def _write_batch(self, batch: list[Added]) -> Written:
        from django_metrics_statsd.monitoring.rollups.writing import Written, write

        if not batch:
            return Written([], 0)
        written = write(batch)
        if written.nothing:
            self._waiting.extendleft(reversed(written.kept))
        else:  # those of one model, say, whose table is not there: the others must not wait behind them
            self._waiting.extend(written.kept)
        self.counts.drop("refused", written.dropped)
        self.counts.sent += len(batch) - len(written.kept) - written.dropped
        while len(self._waiting) > max(self._limit, BATCH):
            self._drop_oldest()
        return written

    def _take(self) -> list[Added]:
        taken: list[Added] = []
        try:
            while len(taken) < BATCH:
                taken.append(self._waiting.popleft())
        except IndexError:
            pass
        return taken

    def _put_off(self, longest: float) -> None:
        say_once("monitoring.road", "what was added to monitors cannot all be written; it waits")
        self._delay = min(longest, max(0.1, 2 * self._delay))
        self._not_before = monotonic() + self._delay

    def _maintain(self) -> None:
        from django_metrics_statsd.monitoring.rollups.pruning import now_and_then

        now_and_then()

    def _report(self) -> None:
        for reason, count in list(self.counts.dropped.items()):
            new = count - self._told.get(reason, 0)
            if new:
                statsd.incr(f"django_metrics_statsd.monitoring.dropped.{reason}", new)
                self._told[reason] = count

    @property
    def waiting(self) -> int:
        """How many samples are not written yet."""
        return len(self._waiting)

    def flush(self, timeout: float | None = None) -> bool:
        """Have everything written now; wait for it at most `timeout` seconds (None: 10); say whether it was.

        The thread does it, but for ``immediate`` writing.
        """
        if conf.MONITORING_WRITE == IMMEDIATE and self._worker is None:
            while self._waiting and not self.write_here():
                pass
            return not self._waiting
        if self._pid != os.getpid():
            return True
        deadline = monotonic() + (10.0 if timeout is None else timeout)
        self._not_before = 0.0
        while self._waiting or self._busy:
            self._wake()
            if monotonic() > deadline:
                return False
            time.sleep(_POLL)
        return True

    def reset(self) -> None:
        """Start anew in a child process: what waits is the parent's."""
        self._lock = threading.RLock()
        self._forget()

    def close(self) -> None:
        """Write what is left and end the thread. The next sample begins anew."""
        if self._pid != os.getpid():
            return
        self.flush(background.EXIT_DEADLINE)
        with self._lock:
            worker = self._worker
            self.counts.drop("closed", len(self._waiting))
            self._forget()
        background.let_go(self)
        if worker is not None:
            worker.stop(background.EXIT_DEADLINE)


def _hang_up() -> None:
    """Close the thread's own connections."""
    from django.db import connections

    connections.close_all()


road = Road()
on_change(road.close)
background.in_children(road.reset)
