"""Many points in one value of bytes, such that one of them is found without looking at the others.

A blob is how many there are, their keys in order, where each ends, and then the points one after another. In
a window the keys are stats' ids, in a chunk they are times. Little-endian, whichever machine wrote it.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final

_SIZE: Final = struct.Struct("<I")
_SWAPPED: Final = sys.byteorder == "big"


def pack(entries: Mapping[int, bytes]) -> bytes:
    """Return the blob of ``{key: point}``; keys are whole numbers from 0 to 2**63 - 1."""
    keys = sorted(entries)
    parts = [entries[key] for key in keys]
    ends, end = array("I"), 0
    for part in parts:
        end += len(part)
        ends.append(end)
    head = _SIZE.pack(len(keys))
    return b"".join((head, _little(array("q", keys)).tobytes(), _little(ends).tobytes(), *parts))


def _little(numbers: array[int]) -> array[int]:
    if _SWAPPED:
        numbers.byteswap()
    return numbers


class Blob:
    """A blob to read from. What SQLite gives as bytes, PostgreSQL gives as a memoryview.

    Raises:
        ValueError: it is damaged.
    """

    __slots__ = ("_data", "_ends", "_start", "keys")

    def __init__(self, data: bytes | memoryview) -> None:
        data = bytes(data)
        if len(data) < _SIZE.size:
            raise ValueError("it is shorter than any blob")
        (size,) = _SIZE.unpack_from(data)
        ends = _SIZE.size + 8 * size
        self._start = ends + 4 * size
        self._data = data
        if len(data) < self._start:
            raise ValueError("it is shorter than it says")
        self.keys = _little(array("q", data[_SIZE.size : ends]))
        self._ends = _little(array("I", data[ends : self._start]))

    def _part(self, at: int) -> bytes:
        begin = self._ends[at - 1] if at else 0
        return self._data[self._start + begin : self._start + self._ends[at]]

    def get(self, key: int) -> bytes | None:
        """Return the point with this key, if there is one."""
        at = bisect_left(self.keys, key)
        return self._part(at) if at < len(self.keys) and self.keys[at] == key else None

    def items(self) -> Iterator[tuple[int, bytes]]:
        """Yield all keys with their points, in order."""
        for at, key in enumerate(self.keys):
            yield key, self._part(at)
