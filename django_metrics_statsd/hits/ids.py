"""Ids of hits and events: UUIDs of version 7 (RFC 9562), which sort by time and tell it to the microsecond.

The 12 bits after the version hold the microseconds within the millisecond (the RFC's method 3), and the first
10 random bits are replaced by the process's slot. As a process does not give the same microsecond twice, no
two ids of one machine have both the same microsecond and the same slot: a storage that knows rows by a
timestamp in nanoseconds, as InfluxDB does, gets one of its own for each (`nanoseconds`).
"""

from __future__ import annotations

import os
import socket
import threading
import zlib
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

SLOTS = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_AND_VARIANT = (7 << 76) | (2 << 62)
_RANDOM_BITS = (1 << 52) - 1
#: How many microseconds a process remembers to have given.
REMEMBERED = 100_000


class Ids:
    """Makes ids for one process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start anew in a child process, which has a slot of its own."""
        self._lock = threading.Lock()
        self._next: dict[int, int] = {}
        self._slot = (os.getpid() + zlib.crc32(socket.gethostname().encode())) % SLOTS

    def __call__(self, microseconds: int) -> UUID:
        """Return an id for something that happened so many microseconds after 1970.

        Where the process has given an id of that microsecond already, it is of the next free one.
        """
        with self._lock:
            microseconds = self._take(microseconds)
        ms, us = divmod(microseconds, 1_000)
        noise = int.from_bytes(os.urandom(7), "big") & _RANDOM_BITS
        return UUID(int=(ms << 80) | _VERSION_AND_VARIANT | (us << 64) | (self._slot << 52) | noise)

    def _take(self, wanted: int) -> int:
        """Return the first microsecond from `wanted` on that is free, and remember it.

        What is taken points to a microsecond after it, and those passed on the way are pointed to the end, so
        that many ids of one microsecond are not a walk each.
        """
        following, passed, free = self._next, [wanted], wanted
        while free in following:
            free = following[free]
            passed.append(free)
        following.update(dict.fromkeys(passed, free + 1))
        if len(following) > REMEMBERED:
            for old in list(islice(following, REMEMBERED // 2)):
                del following[old]
        return free


def microseconds(identity: UUID) -> int:
    """Return the microseconds after 1970 that an id of ours tells."""
    number = identity.int
    return (number >> 80) * 1_000 + min(999, (number >> 64) & 0xFFF)


def nanoseconds(identity: UUID) -> int:
    """Return the id's time in nanoseconds, whose last three digits are the slot of the process."""
    return microseconds(identity) * 1_000 + ((identity.int >> 52) & 0x3FF) % SLOTS


def moment(microseconds: int) -> datetime:
    """Return the time in UTC that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=microseconds)
