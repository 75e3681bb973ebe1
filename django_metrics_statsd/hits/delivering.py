"""Writes a batch into a storage; where the storage refuses it, finds out which records it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable
from django_metrics_statsd.safety import failed

R = TypeVar("R", bound=Record)
Refuse = Callable[[Record, str], None]


def deliver(storage: Storage, records: Sequence[Record], refuse: Refuse) -> None:
    """Write `records`; call ``refuse(record, reason)`` for each that the storage will never take.

    Halves a refused batch until single records are left, so one bad record costs about 2 log2(n) writes.

    Raises:
        Unavailable: the storage cannot be had, or failed in a way of its own; everything again later.
    """
    if not records:
        return
    try:
        _write(storage, records)
    except Rejected as error:
        if len(records) == 1:
            refuse(records[0], str(error))
            return
        middle = len(records) // 2
        deliver(storage, records[:middle], refuse)
        deliver(storage, records[middle:], refuse)


def _write(storage: Storage, records: Sequence[Record]) -> None:
    try:
        storage.write(records)
    except (Rejected, Unavailable):
        raise
    except Exception as error:  # a storage of the site's own, or a fault in ours
        failed(f"hits.storage.{storage.alias}")
        raise Rejected(f"{type(error).__name__}: {error}") from error
