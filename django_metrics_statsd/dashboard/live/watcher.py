"""One thread of a process looks for changes, for all pages that the process has open; it ends with the last.

It has the process's one database connection for this.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connections

from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.live import changes
from django_metrics_statsd.dashboard.live.messenger import Receiver
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.safety import failed, say_once

#: Seconds after which a process with Redis looks at the table even if no message came.
LOOK_ANYWAY = 10.0
#: Longest wait for one message, in seconds: after that the thread sees whether it should end.
LISTEN = 1.0


class Watcher:
    """Calls ``changed(seq, {key: seq})`` with all changes first, then with each batch of new ones."""

    def __init__(self, changed: Callable[[int, dict[str, int]], None]) -> None:
        self._changed = changed
        self._stopped = threading.Event()
        self._seq: int | None = None
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="metrics-dashboard-watcher", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end soon; does not wait for it."""
        self._stopped.set()

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self) -> None:
        url = conf.DASHBOARD_MESSENGER_URL
        receiver = Receiver(url) if url is not None else None
        try:
            with muted():
                while not self._stopped.is_set():
                    self._guarded_round(receiver)
        finally:
            if receiver is not None:
                receiver.close()
            connections.close_all()

    def _guarded_round(self, receiver: Receiver | None) -> None:
        try:
            self._round(receiver)
        except Exception:
            failed("dashboard.watcher")
            self._stopped.wait(LISTEN)

    def _round(self, receiver: Receiver | None) -> None:
        # What changed before the subscription held has sent its message to nobody: look once it holds.
        fresh = receiver is not None and receiver.connect()
        listening = receiver is not None and receiver.connected
        anyway = time.monotonic() - self._looked >= LOOK_ANYWAY
        if fresh or not listening or anyway:
            found = self._look()
            if receiver is not None and listening and not fresh and found:
                receiver.close()  # its messages get lost on the way: a connection that a network forgot
        if receiver is not None and receiver.connected:
            if receiver.wait(LISTEN) and not self._stopped.is_set():
                self._look()
        else:
            self._stopped.wait(conf.DASHBOARD_POLL_SECONDS)

    def _look(self) -> bool:
        """Look for changes, and tell of them; say whether there were any."""
        self._looked = time.monotonic()
        try:
            close_old_connections()
            seq, found = changes.since(self._seq or 0)
        except DatabaseError as error:
            connections.close_all()
            say_once("dashboard.changes", "the table of changes cannot be read: %s", type(error).__name__)
            return False
        except Exception:
            connections.close_all()
            failed("dashboard.changes")
            return False
        first, before, self._seq = self._seq is None, self._seq, seq
        if first or found or seq != before:
            self._changed(seq, found)
        return bool(found) and not first
