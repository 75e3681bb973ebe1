"""One storage and its consumer group: read, enrich, write, acknowledge, over and over."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.hits.collector.dead import UNREADABLE, DeadLetters
from django_metrics_statsd.hits.collector.source import Entry, Source
from django_metrics_statsd.hits.collector.texts import printable
from django_metrics_statsd.hits.delivering import deliver
from django_metrics_statsd.hits.enrichment.enrich import enrich
from django_metrics_statsd.hits.records import Record, Unreadable, unpack
from django_metrics_statsd.hits.storages.base import Storage, Unavailable
from django_metrics_statsd.hits.transports.redis import FAILURES
from django_metrics_statsd.safety import failed, logger

_FIRST_DELAY, _MAX_DELAY = 0.25, 15.0
_POLL = 0.2
#: Seconds between two calls of a storage's `maintain`.
MAINTENANCE = 60.0


#: For which storage, which entry, and why.
Bad = tuple[str, Entry, str]


@dataclass
class Progress:
    """What a lane has done, for whoever shows it: numbers of records, and what is wrong now, if anything.

    ``failed`` says that the lane has ended because of that.
    """

    written: int = 0
    set_aside: int = 0
    lost: int = 0
    error: str = ""
    failed: bool = False


class Lane:
    """Runs in a thread of its own until `stop` is set, or with `once` until there is nothing left.

    Args:
        storage: where records go.
        source: where they come from.
        dead: where those go that cannot be read or are refused.
        stop: set when the collector is to end; the batch at hand is finished first.
        batch: how many records are written at once.
        wait: seconds to wait for new ones.
        once: end when everything is done, and where something cannot be had.
    """

    def __init__(
        self,
        storage: Storage,
        source: Source,
        dead: DeadLetters,
        stop: threading.Event,
        *,
        batch: int,
        wait: float,
        once: bool,
    ) -> None:
        self.storage, self._source, self._dead, self._stop = storage, source, dead, stop
        self._batch, self._wait, self._once = batch, wait, once
        self.progress = Progress()
        #: Of its thread; what threads of ours log makes no events.
        self.name = f"django_metrics_statsd.collect.{storage.alias}"
        self._found: list[str] = []
        self._delay = _FIRST_DELAY
        self._maintained = monotonic()

    def watch(self, stream: str) -> None:
        """Have one more stream read, from the next batch on."""
        self._found.append(stream)

    def run(self) -> None:
        """Work until it is time to end. Never raises."""
        try:
            while not self._stop.is_set():
                if not self._step() and self._once and not self._others_have():
                    break
        except BaseException as error:  # SystemExit of a storage's, say; a thread has nobody to tell
            failed(f"hits.collector.{self.storage.alias}")
            self.progress.error = printable(f"{type(error).__name__}: {error}")
            self.progress.failed = True
            self._stop.set()
        finally:
            self.storage.close()
            self._source.close()

    def _step(self) -> bool:
        """Do one batch; say whether there was something to do and it could be done."""
        entries: Sequence[Entry] = ()
        try:
            while self._found:
                self._source.watch(self._found.pop())
            entries = self._source.read(self._batch, 0.01 if self._once else self._wait)
            if entries:
                self._handle(entries)
            self._maintain()
        except FAILURES as error:
            self._source.begin_anew()  # what was not acknowledged is looked at again
            return self._pause(f"Redis: {type(error).__name__}: {error}")
        except Unavailable as error:
            return self._pause(str(error))
        self._recover()
        if not entries and not (self._source.waits and not self._once):
            self._stop.wait(min(self._wait, _POLL))
        return bool(entries)

    def _others_have(self) -> bool:
        """Whether other collectors were given something that may come to us, as they may be dead."""
        try:
            return not self.progress.error and self._source.pending() > 0
        except FAILURES as error:
            return self._pause(f"Redis: {type(error).__name__}: {error}")

    def _handle(self, entries: Sequence[Entry]) -> None:
        """Write a batch and acknowledge it; then set aside what is no good.

        In this order, as a full Redis takes acknowledgements but nothing to keep.
        """
        bad: list[Bad] = []
        good = self._write(self._read(entries, bad), bad)
        kept = {(entry.stream, entry.id) for _, entry, _ in bad}  # ids are a stream's own
        self._source.acknowledge(entry for entry in entries if (entry.stream, entry.id) not in kept)
        self._count("written", good)
        for storage, entry, reason in bad:
            put = self._dead.set_aside(storage, entry, reason)
            self._source.acknowledge([entry])
            self._count("set_aside" if put else "lost", 1)
        if bad:
            logger.warning("%s: %d records were set aside: %s", self.storage.alias, len(bad), bad[0][2])

    def _write(self, batch: list[tuple[Record, Entry]], bad: list[Bad]) -> int:
        """Write a batch, waiting for the storage as long as it takes; return how many it took."""
        where = {record.id: entry for record, entry in batch}
        records = [record for record, _ in batch]
        refused: list[tuple[Record, str]] = []
        while True:
            refused.clear()
            try:
                deliver(self.storage, records, lambda record, reason: refused.append((record, reason)))
                break
            except Unavailable as error:
                self._pause(str(error))
                if self._once or self._stop.is_set():
                    raise
        bad += [(self.storage.alias, where[record.id], printable(reason)) for record, reason in refused]
        return len(records) - len(refused)

    def _read(self, entries: Sequence[Entry], bad: list[Bad]) -> list[tuple[Record, Entry]]:
        found = []
        for entry in entries:
            if entry.packed is None:
                self._count("lost", 1)
                continue
            try:
                record = unpack(entry.packed)
            except Unreadable as error:
                bad.append((UNREADABLE, entry, printable(str(error))))
                continue
            enrich(record)
            found.append((record, entry))
        return found

    def _count(self, what: str, count: int) -> None:
        setattr(self.progress, what, getattr(self.progress, what) + count)
        if count:
            statsd.incr(f"django_metrics_statsd.collector.{self.storage.alias}.{what}", count)

    def _pause(self, reason: str) -> bool:
        error = printable(reason)
        if error != self.progress.error:
            logger.warning("%s: %s", self.storage.alias, error)
        self.progress.error = error
        if not self._once:
            self._stop.wait(self._delay)
        self._delay = min(_MAX_DELAY, 2 * self._delay)
        return False

    def _recover(self) -> None:
        if self.progress.error:
            logger.warning("%s: goes on", self.storage.alias)
        self.progress.error, self._delay = "", _FIRST_DELAY

    def _maintain(self) -> None:
        if monotonic() > self._maintained + MAINTENANCE:
            self._maintained = monotonic()
            try:
                self.storage.maintain()
            except Unavailable:
                raise
            except Exception:
                failed(f"hits.maintain.{self.storage.alias}")
