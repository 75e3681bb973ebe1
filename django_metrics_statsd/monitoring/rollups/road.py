"""The road from ``add`` to the database.

What cannot be written waits, up to ``MONITORING_BUFFER``, and is tried again. What was told to a process that
is killed without notice within the second is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django_metrics_statsd import background
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring.conf import IMMEDIATE, conf, on_change
from django_metrics_statsd.monitoring.rollups.points import Sample
from django_metrics_statsd.roads import BaseRoad, Pace
from django_metrics_statsd.safety import say_once

if TYPE_CHECKING:
    from django_metrics_statsd.monitoring.rollups.writing import Written

Added = tuple[Any, Sample]

#: Longest pauses in seconds: where nothing can be written, and where something can.
_MAX_DELAY, _SHORT_DELAY = 30.0, 2.0
#: How many samples are written in one transaction.
BATCH: Final = 5_000
#: At how many waiting ones the thread is woken before its time.
_WAKE_AT: Final = 1_000


class Road(BaseRoad[Any, Sample]):
    """Takes samples of models from any thread, ``put(model, sample)``, and has them written."""

    def __init__(self) -> None:
        super().__init__("django_metrics_statsd.monitoring")

    def _pace(self) -> Pace:
        return Pace(limit=conf.MONITORING_BUFFER, wake_at=_WAKE_AT, interval=conf.MONITORING_FLUSH_INTERVAL)

    def hold(self, model: Any, sample: Sample) -> None:
        """Keep a sample for whoever writes next, without a thread."""
        self._waiting.append((model, sample))
        if len(self._waiting) > conf.MONITORING_BUFFER:
            self._drop_oldest()

    def _work(self) -> None:
        """Write what there is, and throw away what is too old."""
        with muted():
            if self._may_try():
                self._write()
            if not background.ending.told:
                self._maintain()

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
                self._pause.end()
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
        self._pause.lengthen(longest)

    def _maintain(self) -> None:
        from django_metrics_statsd.monitoring.rollups.pruning import now_and_then

        now_and_then()

    def flush(self, timeout: float | None = None) -> bool:
        """Have everything written now; wait for it at most `timeout` seconds (None: 10); say whether it was.

        The thread does it, but for ``immediate`` writing.
        """
        if conf.MONITORING_WRITE == IMMEDIATE and self._worker is None:
            while self._waiting and not self.write_here():
                pass
            return not self._waiting
        return super().flush(timeout)

    def _hang_up(self) -> None:
        """Close the thread's own connections."""
        from django.db import connections

        connections.close_all()


road = Road()
on_change(road.close)
background.in_children(road.reset)
