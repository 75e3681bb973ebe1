"""Writes a batch into a storage; where the storage refuses it, finds out which records it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Rejected, Storage, Unavailable
from django_metrics_statsd.safety import failed

R = TypeVar("R", bound=Record)
Refuse = Callable[[Record, str], None]


class Faulty(Rejected):
    """The storage failed in a way of its own: it may be these records, or the storage."""


def deliver(storage: Storage, records: Sequence[Record], refuse: Refuse) -> None:
    """Write `records`; call ``refuse(record, reason)`` for each that the storage will never take.

    Halves a refused batch until single records are left, so one bad record costs about 2 log2(n) writes.

    Raises:
        Unavailable: the storage cannot be had; everything again later.
    """
    if not records:
        return
    try:
        _write(storage, records)
    except Faulty as error:
        if len(records) > 1 and _is_broken(storage, records):
            raise Unavailable(str(error)) from error
        _halve(storage, records, refuse, error)
    except Rejected as error:
        _halve(storage, records, refuse, error)


def _halve(storage: Storage, records: Sequence[Record], refuse: Refuse, error: Rejected) -> None:
    if len(records) == 1:
        refuse(records[0], str(error))
        return
    middle = len(records) // 2
    deliver(storage, records[:middle], refuse)
    deliver(storage, records[middle:], refuse)


def _is_broken(storage: Storage, records: Sequence[Record]) -> bool:
    """Whether the storage fails with the first and the last record alone, too."""
    return all(_fails(storage, record) for record in (records[0], records[-1]))


def _fails(storage: Storage, record: Record) -> bool:
    try:
        _write(storage, [record])
    except Faulty:
        return True
    except Rejected:
        return False
    return False


def _write(storage: Storage, records: Sequence[Record]) -> None:
    try:
        storage.write(records)
    except (Rejected, Unavailable):
        raise
    except OSError as error:  # a storage of the site's own that passes on what its network says
        raise Unavailable(f"{type(error).__name__}: {error}") from error
    except Exception as error:
        failed(f"hits.storage.{storage.alias}")
        raise Faulty(f"{type(error).__name__}: {error}") from error
