"""Dead letters: what could not be read, or what a storage refuses, kept aside with its reason.

A Redis hash, bounded by ``WT_DEAD_LETTERS``. What cannot be read is set aside once, whichever storage's
collector came upon it first; what a storage refuses is set aside for that storage.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from django_metrics_statsd.hits.collector.source import Entry

#: Instead of a storage's alias: nobody could read it.
UNREADABLE = "*"


class DeadLetter(NamedTuple):
    """What was set aside: for which storage, why, when (seconds since 1970), and the packed record."""

    key: bytes
    storage: str
    reason: str
    since: float
    packed: bytes


class DeadLetters:
    """The dead letters of one site."""

    def __init__(self, client: Any, key: str, limit: int) -> None:
        self._client, self._key, self._limit = client, key, limit

    def set_aside(self, storage: str, entry: Entry, reason: str) -> bool:
        """Keep an entry; return False where there is no room for it any more, and it is lost."""
        name = f"{storage}|{entry.stream}|{entry.id.decode()}"
        if self._client.hlen(self._key) >= self._limit and not self._client.hexists(self._key, name):
            return False
        value = msgspec.msgpack.encode([reason[:500], time.time(), entry.packed or b""])
        self._client.hset(self._key, name, value)
        return True

    def __len__(self) -> int:
        return int(self._client.hlen(self._key))

    def __iter__(self) -> Iterator[DeadLetter]:
        for key, value in self._client.hscan_iter(self._key, count=100):
            reason, since, packed = msgspec.msgpack.decode(value)
            yield DeadLetter(key, key.partition(b"|")[0].decode(), reason, since, packed)

    def clear(self) -> int:
        """Remove all; return how many there were."""
        count = len(self)
        self._client.delete(self._key)
        return count

    def forget(self, letter: DeadLetter) -> None:
        """Remove one: it has found its place."""
        self._client.hdel(self._key, letter.key)
