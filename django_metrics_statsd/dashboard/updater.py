"""Updates widgets from a thread of the site while somebody looks, so that nothing else has to run.

Of many processes the one that gets the lease does the work of a round; the others find nothing due.
"""

from __future__ import annotations

import threading
import time

from django.db import DatabaseError, close_old_connections, connections

from django_metrics_statsd import background
from django_metrics_statsd.background import Worker, ending
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.hands import Hands
from django_metrics_statsd.dashboard.live.hub import hub
from django_metrics_statsd.dashboard.updating import Busy, update
from django_metrics_statsd.safety import failed, say_once

#: Seconds between two rounds, and after how many nobody is looking any more.
ROUND, ATTENTION = 1.0, 30.0


class Updater:
    """The thread, which starts with the first look and ends some time after the last."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin without a thread: a forked child has none."""
        self._lock = threading.Lock()
        self._worker: Worker | None = None
        self._hands = Hands()
        self._seen = 0.0
        self._stopped = False

    def attend(self) -> None:
        """Somebody looks: have widgets updated for a while, if ``DASHBOARD_BACKGROUND`` says so."""
        self._seen = time.monotonic()
        if not conf.DASHBOARD_BACKGROUND or ending.told or (self._worker and self._worker.alive):
            return
        with self._lock:
            if self._worker is None or not self._worker.alive:
                background.look_after(self)
                self._stopped = False
                self._worker = Worker(self._round, ROUND, "metrics-dashboard-updater", last=self._last)
                self._worker.start()
                self._worker.wake()

    def flush(self, timeout: float | None = None) -> bool:
        """Stop after the widget at hand. A signal's handler may run this, so no lock is taken."""
        self._stopped = True
        return True

    def stop(self, timeout: float) -> None:
        """End the thread, waiting at most `timeout` seconds."""
        self._stopped = True
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.stop(timeout)

    def _last(self) -> None:
        self._hands.end()
        connections.close_all()

    def _round(self) -> None:
        if not len(hub) and time.monotonic() - self._seen > ATTENTION:
            self.stop(0)
            return
        try:
            close_old_connections()
            update(stopped=lambda: self._stopped, hands=self._hands)
        except Busy:
            return
        except DatabaseError as error:
            connections.close_all()
            say_once("dashboard.updater", "widgets cannot be updated: %s", type(error).__name__)
        except Exception:
            failed("dashboard.updater")


updater = Updater()
