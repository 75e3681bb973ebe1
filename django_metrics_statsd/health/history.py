"""Remembers when each check changed its state: in this process, and in a table for all processes.

A check that goes on as before costs nothing. A change is put in a queue here and written by a thread that
lives only for that, so a database that is down or hangs holds up nobody; what waits is bounded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from django.db import DataError

from django_metrics_statsd.background import in_children
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.health.closing import close_all
from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.health.flights import may_give_up
from django_metrics_statsd.health.results import Result, State
from django_metrics_statsd.safety import failed, say_once

#: Changes of one check that are remembered in the process; checks; changes that wait to be written; and
#: seconds until another try after one that failed.
REMEMBERED, CHECKS, WAITING, PAUSE = 20, 500, 500, 10.0


class Change(NamedTuple):
    """A check's name came into a state, at a time in seconds since 1970."""

    name: str
    state: State
    at: float
    message: str


class History:
    """What this process has seen change, and what it has still to write."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything: this is a forked child, or a test."""
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, deque[Change]] = OrderedDict()
        self._waiting: deque[Change] = deque(maxlen=WAITING)
        self._writing = False
        self._since = self._again = 0.0
        self._given_up = 0

    def note(self, result: Result) -> State | None:
        """Remember a result if its state is new; return the state before, None for the first."""
        with self._lock:
            seen = self._seen.setdefault(result.name, deque(maxlen=REMEMBERED))
            before = seen[-1].state if seen else None
            if before is not result.state:
                change = Change(result.name, result.state, result.at, result.message)
                seen.append(change)
                self._bound()
                if conf.WATCHMAN_HISTORY and not result.local:
                    self._waiting.append(change)
                    self._again = 0.0
        self._write_soon()
        return before

    def _bound(self) -> None:
        if len(self._seen) > CHECKS:
            self._seen.popitem(last=False)

    def seen(self, names: Iterable[str]) -> dict[str, list[Change]]:
        """Return what this process saw, latest first."""
        with self._lock:
            return {name: list(reversed(self._seen[name])) for name in names if name in self._seen}

    def _write_soon(self) -> None:
        with self._lock:
            if not self._waiting or monotonic() < self._again or (self._writing and not self._may_give_up()):
                return
            self._writing, self._since = True, monotonic()
        try:
            threading.Thread(target=self._write, name="health history", daemon=True).start()
        except (RuntimeError, MemoryError):  # no threads left: the next result tries again
            self._rest()

    def _may_give_up(self) -> bool:
        """Whether the thread that writes has hung for so long that another one is due."""
        if not may_give_up(self._since, self._given_up):
            return False
        self._given_up += 1
        return True

    def _write(self) -> None:
        from django_metrics_statsd.health import keeping

        try:
            with muted():
                while (change := self._next()) is not None:
                    try:
                        keeping.keep(change, conf.WATCHMAN_HISTORY)
                    except (DataError, ValueError):  # this one cannot be kept, ever
                        failed("health.history")
                    self._done(change)
        except Exception as error:  # the database is down, or has no table: some later result tries again
            say_once("health.history", "changes of health cannot be written to the database: %s", error)
            self._rest()
        finally:
            close_all()

    def _rest(self) -> None:
        with self._lock:
            self._writing, self._again = False, monotonic() + PAUSE

    def _next(self) -> Change | None:
        """Return what is to be written next. With None the thread has ended, as far as others know."""
        with self._lock:
            if self._waiting:
                return self._waiting[0]
            self._writing = False
            return None

    def _done(self, change: Change) -> None:
        with self._lock:
            self._given_up = 0
            if self._waiting and self._waiting[0] is change:
                self._waiting.popleft()


history = History()
in_children(history.reset)
