"""The default client: an append at the caller, everything else in one background thread.

What the host pays is one append to a list. A late-started daemon thread folds the lists into a window
(counters summed, gauges' last values, sets united, timers kept or sampled) and once per interval writes the
window as packets. Where that thread cannot run, `tick` and `_relieve` do its work.
"""

from __future__ import annotations

import os
import threading
from time import monotonic

from django_metrics_statsd import background
from django_metrics_statsd.clients import build
from django_metrics_statsd.clients.base import COUNTER, BaseClient
from django_metrics_statsd.clients.delivery import Delivery
from django_metrics_statsd.clients.packets import lines_of
from django_metrics_statsd.clients.pending import Fold, Pending
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.conf import conf
from django_metrics_statsd.safety import failed

_OWN = b"django_metrics_statsd."


class StatsClient(BaseClient):
    """Gathers stats and sends them once per ``STATSD_FLUSH_INTERVAL``."""

    def __init__(self) -> None:
        super().__init__()
        self._interval = conf.STATSD_FLUSH_INTERVAL
        self._reservoir = conf.STATSD_TIMER_VALUES
        self._size = conf.STATSD_MAXUDPSIZE
        self._telemetry = conf.STATSD_TELEMETRY
        self._dialect = build.dialect()
        self._address = build.address()
        self._transport = build.transport()
        self._worker = background.Worker(self.flush, self._interval, "django_metrics_statsd")
        self._pending = Pending(self._relieve, self.counts.drop)
        self.incr = self._pending.incr  # type: ignore[method-assign]
        self.timing = self._pending.timing  # type: ignore[method-assign]
        self.record = self._pending.record  # type: ignore[method-assign]
        self._told: dict[str, int] = {}
        self.reset()

    def reset(self) -> None:
        """Start anew, as a forked child must: the parent will send what the parent gathered."""
        self._pending.clear()
        self._window = self._new_window()
        self._folding = threading.Lock()
        self._sending = threading.Lock()
        self._transport.abandon()
        self._worker.reset()
        self._pid = os.getpid()
        self._overdue = monotonic() + 3 * self._interval

    def _new_window(self) -> Window:
        return Window(self._reservoir, self.counts.drop)

    def start(self) -> None:
        """Have the thread running in this process."""
        if self._pid != os.getpid():
            self.reset()
        background.look_after(self)
        self._worker.start()

    def tick(self) -> None:
        """See, once a request, that somebody sends.

        That is after a fork that Python was not told of (uWSGI's), and where the thread does not get to run.
        """
        if self._pid != os.getpid():
            self.start()
        elif monotonic() > self._overdue:
            self._step_in()

    def _step_in(self) -> None:
        self._overdue = monotonic() + self._interval
        try:
            self._worker.start()
            self.flush(timeout=0)
        except Exception:
            failed("clients.buffered.tick")

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
                if self._window.full:
                    self._make_room()
        except Exception:
            failed("clients.buffered.relieve")
        return True

    def _make_room(self) -> None:
        """Send a full window early: at once over datagrams, which never wait, else by the thread.

        A name that has to be looked up first may take seconds; nobody but the thread waits for that.
        """
        if self._transport.blocking or (self._worker.alive and not self._transport.ready):
            self._worker.wake()
        else:
            self.flush(timeout=0)

    def flush(self, timeout: float | None = None) -> bool:
        """Send what is buffered, from this thread, waiting at most `timeout` seconds for another sender.

        With 0 it never rests either: for callers that must go on.
        """
        if self._pid != os.getpid():
            self.reset()
        if not _acquire(self._sending, timeout):
            return False
        try:
            window = self._take(timeout)
            if window is not None:
                self._send(window, paced=timeout != 0)
            self._overdue = monotonic() + 3 * self._interval
            return window is not None
        finally:
            self._sending.release()

    def _take(self, timeout: float | None) -> Window | None:
        """Fold what is pending and hand over the window, leaving a new one."""
        if not _acquire(self._folding, timeout):
            return None
        try:
            self._pending.fold_into(self._window)
            window, self._window = self._window, self._new_window()
            return window
        finally:
            self._folding.release()

    def _send(self, window: Window, *, paced: bool) -> None:
        report = self._report(window)
        delivery = Delivery(self._transport, self._size, self.counts)
        lines = lines_of(window, self._dialect, self._size, delivery.refuse)
        delivery.send(lines, window.taken, paced=paced and not self._transport.blocking)
        if not any(_OWN in packet for packet in delivery.packets_lost):
            self._told.update(report)

    def _report(self, window: Window) -> dict[str, int]:
        """Add to the window what has been dropped since the last report and, on request, what was sent."""
        now = {f"dropped.{reason}": count for reason, count in self.counts.dropped.items()}
        if self._telemetry and window.taken:
            now |= {"sent": self.counts.sent, "packets": self.counts.packets}
        for name, count in now.items():
            new = count - self._told.get(name, 0)
            if new:
                window.add(COUNTER, f"django_metrics_statsd.{name}", new, 1, None)
        return now

    def close(self) -> None:
        """Stop the thread, send what is left, close the socket."""
        self._worker.stop(background.EXIT_DEADLINE)
        self.flush(background.EXIT_DEADLINE)
        self._transport.close()
        background.let_go(self)

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return str(self._address)


def _acquire(lock: threading.Lock, timeout: float | None) -> bool:
    return lock.acquire(timeout=-1 if timeout is None else timeout)
