"""How values are spread: a DDSketch that adds up, packs small, and takes negative values too.

Its bins are those of `stats.sketches`, within 1 % of the value. Keys sort as the values do: negative values
have the keys ``-10000 - bin``, zero has -5000.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable

from django_metrics_statsd.monitoring.stats.sketches import ZERO as NO_BIN
from django_metrics_statsd.monitoring.stats.sketches import binned, value_of

_NEGATIVE, _ZERO = -10_000, -5_000
#: How wide a count may be, by the first byte of a packed sketch.
_WIDTHS = "BHIQ"


class Spread:
    """The number of values per bin."""

    __slots__ = ("bins",)

    def __init__(self, bins: dict[int, int] | None = None) -> None:
        self.bins: Counter[int] = Counter(bins or {})

    def add(self, values: Iterable[float]) -> None:
        """Add values."""
        values = list(values)
        below = [-value for value in values if value < 0]
        for key, count in binned([value for value in values if value >= 0] if below else values).items():
            self.bins[_ZERO if key == NO_BIN else key] += count
        for key, count in binned(below).items():
            self.bins[_ZERO if key == NO_BIN else _NEGATIVE - key] += count

    def merge(self, other: Spread) -> None:
        """Add all values of another one."""
        self.bins.update(other.bins)

    def quantile(self, share: float) -> float | None:
        """Return the value below which that share (0 to 1) of all lies, within 1 %; None of no values."""
        total = self.bins.total()
        rank, passed = share * (total - 1), 0
        for key, count in sorted(self.bins.items()):
            passed += count
            if passed > rank:
                return _value(key)
        return None

    def pack(self) -> bytes:
        """Return it as bytes: a byte for the width of a count, all keys, all counts."""
        keys = sorted(self.bins)
        counts = [self.bins[key] for key in keys]
        width = min((max(counts, default=0).bit_length() + 7) // 8, 8)
        code = next(index for index, size in enumerate((1, 2, 4, 8)) if width <= size)
        return struct.pack(f"<B{len(keys)}h{len(keys)}{_WIDTHS[code]}", code, *keys, *counts)

    @classmethod
    def unpack(cls, packed: bytes | memoryview | None) -> Spread:
        """Return the spread that was packed.

        Raises:
            ValueError: these bytes are none.
        """
        data = bytes(packed or b"\0")
        if data[0] >= len(_WIDTHS):
            raise ValueError(f"a packed spread begins with a byte up to 3, not {data[0]}")
        count, rest = divmod(len(data) - 1, 2 + (1 << data[0]))
        if rest:
            raise ValueError(f"a packed spread has not {len(data)} bytes")
        numbers = struct.unpack_from(f"<{count}h{count}{_WIDTHS[data[0]]}", data, 1)
        spread = cls()
        dict.update(spread.bins, zip(numbers[:count], numbers[count:], strict=True))
        return spread


def _value(key: int) -> float:
    if key == _ZERO:
        return 0.0
    return -value_of(_NEGATIVE - key) if key < _ZERO else value_of(key)
