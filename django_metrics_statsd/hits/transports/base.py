"""How records leave a process of the site."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.base import Unavailable

__all__ = ["Transport", "Unavailable"]


class Transport(ABC):
    """Takes records from the buffer's thread, one batch at a time."""

    @abstractmethod
    def send(self, records: Sequence[Record]) -> None:
        """Take these records, in a bounded time.

        Raises:
            Unavailable: not now; the buffer keeps them and comes again.
        """

    def flush(self, timeout: float | None) -> bool:
        """Finish what was taken within `timeout` seconds; say whether nothing is left."""
        return True

    def abandon(self) -> None:  # noqa: B027
        """Forget connections and threads without touching them: a forked child does this."""

    def close(self) -> None:  # noqa: B027
        """Let go of connections and threads."""
