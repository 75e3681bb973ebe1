"""How often pages without an event stream may ask: less often the more of them there are."""

from __future__ import annotations

import threading
import time

from django_metrics_statsd.dashboard.conf import conf

#: Answers a second that a process gives at most, about; each takes a few milliseconds.
ANSWERS = 20.0
#: Seconds over which answers are counted.
SPAN = 5.0
#: Longest wait in seconds.
LONGEST = 60.0


class Pace:
    """Counts the answers of this process, and stretches the wait so that there are not too many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began, self._count = 0.0, 0
        self._wait = 0.0

    def next(self) -> float:
        """Count one answer; return the seconds after which the same page should ask again."""
        shortest = conf.DASHBOARD_POLL_SECONDS
        with self._lock:
            now = time.monotonic()
            passed = now - self._began
            self._count += 1
            if passed >= SPAN:
                rate = self._count / passed if passed < SPAN * 4 else 0.0
                wait = max(shortest, self._wait) * rate / ANSWERS
                self._wait = min(LONGEST, max(shortest, wait))
                self._began, self._count = now, 0
            return round(max(shortest, self._wait), 2)


pace = Pace()
