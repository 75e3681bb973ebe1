"""The client that keeps stats in one of the site's own databases, for a site without any StatsD server.

    STATSD_CLIENT = "django_metrics_statsd.monitoring.client"

Callers pay what they pay with the buffered client: an append. A thread folds what they left into a window of
``MONITORING_STATS_WINDOW`` seconds, writes each window as one row and, in one process of the site at a time,
rolls up what all of them wrote. No call waits for the database.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from random import random
from time import monotonic, time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from django.apps import apps

from django_metrics_statsd import background
from django_metrics_statsd.clients.base import COUNTER, BaseClient
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.clients.pending import Fold, Pending
from django_metrics_statsd.monitoring.stats.backlog import Backlog
from django_metrics_statsd.monitoring.stats.conf import conf, on_change
from django_metrics_statsd.monitoring.stats.naming import OWN, StoreNames
from django_metrics_statsd.monitoring.stats.window import Batch, StatWindow
from django_metrics_statsd.safety import failed

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.stats.keeping import Keeper

_NAME: Final = "django_metrics_statsd.store"
#: Seconds that the thread waits for a lock or a server, and that a request does which has to write itself.
PATIENCE: Final = 5.0
IMPATIENCE: Final = 0.1
#: Seconds for which requests do not try again after that failed.
_REST: Final = 300.0
#: Seconds that `flush` waits if it is told no time.
_LONGEST: Final = 60.0


class StatsClient(BaseClient):
    """Gathers stats and writes them into ``MONITORING_STATS_DATABASE``."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = conf.MONITORING_STATS_WINDOW
        self._names = StoreNames()
        self._pending = Pending(self._relieve, self.counts.drop)
        self._worker = background.Worker(self._round, min(1.0, self._seconds / 4), _NAME)
        self.incr = self._pending.incr  # type: ignore[method-assign]
        self.timing = self._pending.timing  # type: ignore[method-assign]
        self.record = self._pending.record  # type: ignore[method-assign]
        self._told: dict[str, int]
        self.reset()

    def reset(self) -> None:
        """Start anew, as a forked child must: the parent will write what the parent gathered."""
        self._pending.clear()
        self._told = self.counts.dropped.copy()  # what the parent has dropped is the parent's to tell
        self._backlog = Backlog(self.counts, self._take_back)
        self._keeper: Keeper | None = None
        self._asked: deque[_Request] = deque()
        self._tidying = False
        self._window = self._new_window()
        self._folding = threading.Lock()
        self._writing = threading.Lock()
        self._worker.reset()
        self._pid = os.getpid()
        # Not all processes of a site should write at the same moment.
        self._jitter = random() * self._seconds / 4
        self._due = 0.0
        self._overdue = monotonic() + 3 * self._seconds

    def _new_window(self) -> StatWindow:
        regulars = self._keeper.regulars if self._keeper else set()
        most = conf.MONITORING_STATS_NAMES
        return StatWindow(self._slot(), self._names, most, regulars, self.counts.drop)

    def _slot(self) -> int:
        return int(time() // self._seconds) * self._seconds

    def start(self) -> None:
        """Have the thread running in this process."""
        if self._pid != os.getpid():
            self.reset()
        background.look_after(self)
        self._make_keeper()
        self._worker.start()

    def _make_keeper(self) -> Keeper | None:
        """Make it as soon as there can be models; not in the thread if possible.

        A process that is forked while a thread imports something has that half imported.
        """
        if self._keeper is None and apps.models_ready:
            from django_metrics_statsd.monitoring.stats.keeping import Keeper

            self._keeper = Keeper(self.counts)
        return self._keeper

    def tick(self) -> None:
        """See, once a request, that somebody writes, as the buffered client does."""
        if self._pid != os.getpid():
            self.start()
        elif monotonic() > self._overdue and not self._tidying:
            self._step_in()

    def _step_in(self) -> None:
        """Write from a request, if need be: where the thread does not get to run."""
        self._overdue = monotonic() + _REST
        try:
            self._worker.start()
            if self._write_here(0):
                self._overdue = monotonic() + self._seconds
        except Exception:
            failed("monitoring.client.tick")

    def _relieve(self, fold: Fold) -> bool:
        """Fold something here and now, unless somebody else is folding; say whether that was so."""
        try:
            if self._pid != os.getpid():
                self.start()
            elif not self._folding.acquire(blocking=False):
                return False
            else:
                try:
                    fold(self._window)
                finally:
                    self._folding.release()
        except Exception:
            failed("monitoring.client.relieve")
        return True

    def _round(self) -> None:
        """What the thread does: fold, cut, write what is due, and now and then roll up."""
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        done = False
        try:
            with self._writing:
                self._gather(PATIENCE, cut=bool(asked))
                if asked or monotonic() >= self._due:
                    done = self._write(PATIENCE)
                self._overdue = monotonic() + 3 * self._seconds
        finally:
            for request in asked:
                request.answer(done)
        if done and self._keeper is not None and not background.ending.told:
            self._tidying = True
            try:
                self._keeper.tidy()
            finally:
                self._tidying = False

    def _gather(self, timeout: float, *, cut: bool) -> None:
        """Fold what is pending, and put the window into the backlog if its time is over or to `cut` it."""
        if not self._folding.acquire(timeout=timeout):
            return
        try:
            self._pending.fold_into(self._window)
            if not cut and self._window.start == self._slot():
                return
            report = self._report(self._window)
            window, self._window = self._window, self._new_window()
        finally:
            self._folding.release()
        if window.points:
            if not len(self._backlog):
                self._due = max(self._due, monotonic() + self._jitter)
            batch = Batch(uuid4().hex, window, self._seconds)
            batch.report = report
            self._backlog.add(batch)

    def _report(self, window: StatWindow) -> dict[str, int]:
        """Add to the window what has been dropped since the last report, and return that."""
        dropped = self.counts.dropped.copy().items()
        news = {reason: count - self._told.get(reason, 0) for reason, count in dropped}
        for reason, new in news.items():
            if new:
                window.add(COUNTER, f"{OWN}dropped.{reason}", new, 1, None)
                self._told[reason] = self._told.get(reason, 0) + new
        return news

    def _take_back(self, lost: Batch) -> None:
        """What a window that is lost has reported is to be reported once more."""
        for reason, count in lost.report.items():
            self._told[reason] -= count

    def _write(self, patience: float) -> bool:
        """Write the backlog; say whether all of it went."""
        if not len(self._backlog):
            return True
        keeper = self._make_keeper()
        done = keeper is not None and keeper.write(self._backlog, patience)
        self._due = 0.0 if done else monotonic() + self._seconds
        return done

    def _write_here(self, timeout: float) -> bool:
        if not self._writing.acquire(timeout=timeout):
            return False
        try:
            self._gather(timeout, cut=True)
            return self._write(min(PATIENCE, timeout) or IMPATIENCE)
        finally:
            self._writing.release()

    def flush(self, timeout: float | None = None) -> bool:
        """Have the thread write what is gathered, and wait for that at most `timeout` seconds, or a minute.

        Where there is no thread, or it is rolling up, which may take longer, this one writes.
        """
        if self._pid != os.getpid():
            self.reset()
        timeout = _LONGEST if timeout is None else timeout
        if timeout <= 0 or self._tidying or not self._worker.alive:
            return self._write_here(max(0.0, timeout))
        return self._ask(timeout)

    def _ask(self, timeout: float) -> bool:
        request, deadline = _Request(), monotonic() + timeout
        self._asked.append(request)
        self._worker.wake()
        while not request.wait(0.1):
            left = deadline - monotonic()
            if left <= 0:
                return False
            if self._tidying:
                return self._write_here(left)
        return request.done

    def close(self) -> None:
        """Write what is left and stop the thread. The next stat begins anew."""
        self.flush(background.EXIT_DEADLINE)
        self._worker.stop(background.EXIT_DEADLINE)
        if self._writing.acquire(timeout=background.EXIT_DEADLINE):
            try:
                while len(self._backlog):
                    self._backlog.drop("database")
            finally:
                self._writing.release()
        background.let_go(self)

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return f"database {conf.MONITORING_STATS_DATABASE}"


class _Request:
    """Somebody who waits for the thread to have written."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.done = False

    def answer(self, done: bool) -> None:
        self.done = done
        self._event.set()

    def wait(self, timeout: float) -> bool:
        return self._event.wait(timeout)


on_change(statsd.close)
