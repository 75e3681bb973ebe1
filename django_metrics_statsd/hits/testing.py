"""For tests: the hits and events that a piece of code makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.test.utils import override_settings

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.transports.base import Transport


class Kept(list[Record]):
    """Records in the order in which they were made; `settle` waits for those still on their way."""

    def settle(self) -> Kept:
        """Wait until what was put on the road has come here; return the records."""
        if not road.flush(10):
            raise AssertionError(f"{road.waiting} records are still on their way")
        return self


class Keeping(Transport):
    """A transport that keeps records in a list."""

    def __init__(self) -> None:
        self.records = Kept()

    def send(self, records: Sequence[Record]) -> None:
        self.records.extend(records)


@contextmanager
def capture_records() -> Iterator[Kept]:
    """Record hits and events, whatever ``WT_STOP`` says, into the list that this gives, and nowhere else.

    Call ``settle()`` on the list before looking: records are made in a thread. The block's end waits too.
    """
    with override_settings(WT_STOP=False):
        keeping = Keeping()
        previous = road.replace(keeping)
        try:
            yield keeping.records
            keeping.records.settle()
        finally:
            road.close()
            road.replace(previous)
