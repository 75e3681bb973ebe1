"""From the name and tags that a stat was emitted with to the name it has in the store, and to its id."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from django_metrics_statsd.clients.dialects import Dialect
from django_metrics_statsd.monitoring.stats.conf import tag_values
from django_metrics_statsd.names import Tags

#: Characters of a name with its tags; longer ones are dropped and counted.
MAX_NAME: Final = 250
#: How our own names begin. They are few, and say what was dropped, so there is always room for them.
OWN: Final = "django_metrics_statsd."


class StoreNames:
    """Cleans names as for a StatsD server, but without the prefix that tells sites apart there.

    Tags are written as Graphite writes them: ``name;tag=value``.
    """

    def __init__(self) -> None:
        self._dialect = Dialect("graphite", tag_values=tag_values())

    def __call__(self, key: Any) -> tuple[str, float]:
        """Return a window's key, a name or ``(name, rate, tags)``, as the store's name and a weight.

        The name is empty for what is none.
        """
        stat, rate, tags = (key, 1, ()) if isinstance(key, str) else key
        return self._clean(stat, tags), 1 / rate

    def _clean(self, stat: str, tags: Tags) -> str:
        head = self._dialect.head(stat, tags)
        if head is None or len(head[0]) > MAX_NAME:
            return ""
        return head[0]


@lru_cache(10_000)
def id_of(letter: str, name: str) -> int:
    """Return a stat's id, of 63 bits: with 10,000 stats, the chance that two have the same is 1 in 10**11."""
    digest = blake2b(f"{letter}:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
