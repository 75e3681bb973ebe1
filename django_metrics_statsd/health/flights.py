"""One run of one part of a check, in a thread of its own, for all who wait for it.

A thread that hangs cannot be ended, so nobody waits for it for ever, and the same part is not begun again
before it has come back: there is never more than one thread for each part.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import monotonic, time
from typing import Any

from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.closing import close_all
from django_metrics_statsd.health.results import Result, State
from django_metrics_statsd.health.running import found_by, late
from django_metrics_statsd.safety import failed

Results = Sequence[Result]
#: Seconds after which what hangs is given up and tried anew, twice as many each time, and how many times: a
#: connection that a network has forgotten never comes back by itself.
GIVE_UP, MOST_GIVEN_UP = 60.0, 5


def may_give_up(due: float, before: int) -> bool:
    """Whether what was due at `due` (`time.monotonic`) is given up, where `before` others have been."""
    return before < MOST_GIVEN_UP and monotonic() - due >= GIVE_UP * 2**before


class Flight:
    """A run that is under way. `limit` is in seconds; ``future`` gets the results."""

    __slots__ = ("_run", "began", "check", "future", "limit", "overdue", "part")

    def __init__(self, check: Check, part: str, run: Callable[[], Any], limit: float) -> None:
        self.check, self.part, self._run, self.limit = check, part, run, limit
        self.began = monotonic()
        self.overdue = False
        self.future: Future[Results] = Future()
        self.future.set_running_or_notify_cancel()  # who waits no longer must not cancel it for the others

    @property
    def ends(self) -> float:
        """When nobody waits any more, as `time.monotonic` counts."""
        return self.began + self.limit

    def start(self, landed: Callable[[Flight, Results], None]) -> None:
        """Begin; `landed` is called with the results, in the thread, once there are some."""
        name = f"health {self.check.name} {self.part}".rstrip()
        thread = threading.Thread(target=self._fly, args=(landed,), name=name, daemon=True)
        try:
            thread.start()
        except (RuntimeError, MemoryError) as error:  # no threads left, or the interpreter is shutting down
            landed(self, [self._failed(f"No thread could be started: {error}")])

    def _fly(self, landed: Callable[[Flight, Results], None]) -> None:
        found: Results = [self._failed("The check ended its thread.")]  # by SystemExit, say
        try:
            found = found_by(self.check, self.part, self._run, self.limit)
        except Exception:
            failed("health.flights")
        finally:
            close_all()
            landed(self, found)

    def _failed(self, message: str) -> Result:
        return Result(
            self.check.name, self.part, State.FAIL, self._ms(), time(), message, local=self.check.local
        )

    def late(self, waited: float) -> Result:
        """Return the result for who has waited `waited` seconds in vain."""
        message = late(round(waited, 2))
        if self.overdue:
            message += f" What began {monotonic() - self.began:.0f} s ago has not come back yet."
        local = self.check.local
        return Result(self.check.name, self.part, State.TIMEOUT, self._ms(), time(), message, local=local)

    def _ms(self) -> float:
        return round(1000 * (monotonic() - self.began), 2)
