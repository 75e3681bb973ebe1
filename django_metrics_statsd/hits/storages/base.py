"""What a storage is. ``WT_DATABASES`` names them; a class of yours goes there by its dotted path."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django_metrics_statsd.hits.records import Record


class Unavailable(Exception):  # noqa: N818
    """The storage cannot be had now: down, refusing, too slow, not set up. The same again, later."""


class Rejected(Exception):  # noqa: N818
    """The storage was there and will never take these records, or one of them; the message says why."""


class Storage(ABC):
    """Keeps records. One instance is used by one thread at a time, and may live for months.

    Args:
        alias: its name in ``WT_DATABASES``.
        options: its options there.
    """

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        self.alias, self.options = alias, options

    @abstractmethod
    def write(self, records: Sequence[Record]) -> None:
        """Keep these hits, events and timings, enriched as they are, all or some of them known already.

        A record is known by its id: writing it twice leaves one. When an exception leaves, any part of the
        records may have been kept.

        Raises:
            Unavailable: try again later, with the same records.
            Rejected: these records, or some, can never be kept. The caller finds out which.
        """

    def maintain(self) -> None:  # noqa: B027 - there may be nothing to do
        """Do what has to be done now and then, such as deleting what is too old, in a second or so.

        Called about every minute from the thread that writes. May raise `Unavailable`.
        """

    def close(self) -> None:  # noqa: B027
        """Let go of connections. The next `write` makes new ones."""

    @classmethod
    def problems(cls, alias: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ARG003
        """Yield what is wrong with the options, without a network: ``(message, hint)`` for each."""
        return iter(())
