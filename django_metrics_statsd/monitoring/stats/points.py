"""What is known of one stat in one span of time: small, and two of a kind can be made one.

A counter is a sum; a timer a sketch with its count, sum and ends; a gauge the last value with its ends and
mean; a set the smallest hashes of its members. Which processes and which smaller spans a point was put
together from does not show.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from hashlib import blake2s
from math import inf
from typing import Any, ClassVar, Final, Protocol, Self

from django_metrics_statsd.monitoring.stats import sketches

COUNTER, TIMER, GAUGE, SET = "counter", "timer", "gauge", "set"

#: Fewer members of a set than this are counted exactly.
MEMBERS: Final = 1_024
_HASHES: Final = 1 << 32


class Point(Protocol):
    """What all of them can do."""

    kind: ClassVar[str]

    def merge(self, other: Any) -> None:
        """Take in another point of the kind."""
        ...

    def pack(self) -> bytes:
        """Return it as bytes, without its kind."""
        ...

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what `pack` wrote."""
        ...


class CounterPoint:
    """How much was counted."""

    kind = COUNTER
    __slots__ = ("total",)
    _FORM: Final = struct.Struct("<d")

    def __init__(self, total: float = 0) -> None:
        self.total = total

    def merge(self, other: CounterPoint) -> None:
        """Add what another one counted."""
        self.total += other.total

    def pack(self) -> bytes:
        """Return the sum as 8 bytes."""
        return self._FORM.pack(self.total)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what `pack` wrote."""
        return cls(*cls._FORM.unpack(data))


class TimerPoint:
    """Times in milliseconds: how many, their sum, the shortest and the longest, and a sketch of them all."""

    kind = TIMER
    __slots__ = ("bins", "count", "high", "low", "total")
    _FORM: Final = struct.Struct("<dddd")

    def __init__(self) -> None:
        self.count, self.total, self.low, self.high = 0.0, 0.0, inf, -inf
        self.bins: sketches.Bins = {}

    def take(self, values: Sequence[float], weight: float = 1) -> None:
        """Add times, each standing for `weight` of them.

        Raises:
            TypeError, ValueError, OverflowError: they are no numbers; then nothing was added.
        """
        total = sum(values)
        if total.__class__ not in {float, int}:  # decimals, say, which mix with nothing
            values = [float(value) for value in values]
            total = sum(values)
        self.count += len(values) * weight
        self.total += total * weight
        self.low, self.high = min(self.low, *values), max(self.high, *values)
        sketches.add(self.bins, sketches.binned(values), weight)

    def merge(self, other: TimerPoint) -> None:
        """Add another one's times."""
        self.count += other.count
        self.total += other.total
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        sketches.add(self.bins, other.bins)

    def quantile(self, share: float) -> float | None:
        """Return the time below which that share (0 to 1) of all lies, within 1 %."""
        if share <= 0 or share >= 1:
            return None if not self.bins else self.low if share <= 0 else self.high
        found = sketches.quantile(self.bins, share)
        return None if found is None else min(max(found, self.low), self.high)

    def pack(self) -> bytes:
        """Return four numbers and the sketch."""
        return self._FORM.pack(self.count, self.total, self.low, self.high) + sketches.pack(self.bins)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what `pack` wrote."""
        point = cls()
        point.count, point.total, point.low, point.high = cls._FORM.unpack_from(data)
        point.bins = sketches.unpack(data, cls._FORM.size)
        return point


class GaugePoint:
    """A level.

    Attributes:
        last: what it was set to last, at ``set_at`` (Unix seconds); None if it was only changed by steps.
        steps: by how much it was changed after that, or in all; ``at`` is when it was changed last.
        count, total, low, high: of the values that it was set to.
    """

    kind = GAUGE
    __slots__ = ("at", "count", "high", "last", "low", "set_at", "steps", "total")
    _FORM: Final = struct.Struct("<?dddddddd")
    _AT: Final = struct.Struct("<d"), 1 + 8  # where it stands, see `when`

    def __init__(self) -> None:
        self.last: float | None = None
        self.at = self.set_at = self.steps = self.count = self.total = 0.0
        self.low, self.high = inf, -inf

    def set_to(self, value: float, at: float) -> None:
        """Set it."""
        self.last, self.steps, self.at, self.set_at = value, 0.0, at, at
        self.count += 1
        self.total += value
        self.low, self.high = min(self.low, value), max(self.high, value)

    def step(self, change: float, at: float) -> None:
        """Change it."""
        self.steps += change
        self.at = at

    def merge(self, other: GaugePoint) -> None:
        """Take in another one: the later value is the last, and steps are those since.

        Where steps of one were before a value of the other and some after it, all count. Merging in the order
        of `when` makes that rare.
        """
        early, late = (self, other) if self._is_set_before(other) else (other, self)
        both = late.last is None or early.at > late.set_at
        steps = late.steps + (early.steps if both else 0.0)
        last = early if late.last is None else late
        self.last, self.set_at, self.steps = last.last, last.set_at, steps
        self.at = max(self.at, other.at)
        self.count += other.count
        self.total += other.total
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)

    def _is_set_before(self, other: GaugePoint) -> bool:
        if self.last is None or other.last is None:
            return other.last is not None
        return self.set_at <= other.set_at

    def pack(self) -> bytes:
        """Return whether it was set, and eight numbers."""
        times = (self.last or 0.0, self.at, self.set_at, self.steps)
        return self._FORM.pack(self.last is not None, *times, self.count, self.total, self.low, self.high)

    @classmethod
    def when(cls, data: bytes) -> float:
        """Return when a packed point, without its kind, was changed last."""
        form, place = cls._AT
        return float(form.unpack_from(data, place)[0])

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what `pack` wrote."""
        point = cls()
        was_set, last, point.at, point.set_at, point.steps, *rest = cls._FORM.unpack(data)
        point.count, point.total, point.low, point.high = rest
        point.last = last if was_set else None
        return point


class SetPoint:
    """The distinct members of a set: 1,024 hashes of them at most, the smallest.

    While there are fewer, their number is exact. From then on how close together they lie tells how many
    there are (k minimum values: Bar-Yossef et al., RANDOM 2002), with a standard error of 3 %.
    """

    kind = SET
    __slots__ = ("hashes",)

    def __init__(self, hashes: Iterable[int] = ()) -> None:
        self.hashes = set(hashes)

    def take(self, member: str) -> None:
        """Add a member."""
        digest = blake2s(member.encode("utf-8", "replace"), digest_size=4).digest()
        self.hashes.add(int.from_bytes(digest, "little"))
        if len(self.hashes) > 2 * MEMBERS:
            self._shorten()

    def merge(self, other: SetPoint) -> None:
        """Add another one's members."""
        self.hashes |= other.hashes
        if len(self.hashes) > MEMBERS:
            self._shorten()

    def _shorten(self) -> None:
        self.hashes = set(sorted(self.hashes)[:MEMBERS])

    @property
    def distinct(self) -> float:
        """How many members there are."""
        if len(self.hashes) < MEMBERS:
            return float(len(self.hashes))
        highest = sorted(self.hashes)[MEMBERS - 1]
        return float(round((MEMBERS - 1) * _HASHES / (highest + 1)))

    def pack(self) -> bytes:
        """Return the hashes, 4 bytes each."""
        kept = sorted(self.hashes)[:MEMBERS]
        return struct.pack(f"<{len(kept)}I", *kept)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Return what `pack` wrote."""
        return cls(struct.unpack(f"<{len(data) // 4}I", data))


AnyPoint = CounterPoint | TimerPoint | GaugePoint | SetPoint
CLASSES: Final[dict[str, type[AnyPoint]]] = {
    each.kind: each for each in (CounterPoint, TimerPoint, GaugePoint, SetPoint)
}
#: The kinds' letters in the tables; their order is also which one is meant where a name has several.
LETTERS: Final = {TIMER: "t", COUNTER: "c", GAUGE: "g", SET: "s"}
KINDS: Final = {letter: kind for kind, letter in LETTERS.items()}
BY_LETTER: Final = {LETTERS[kind]: made for kind, made in CLASSES.items()}


def pack(point: AnyPoint) -> bytes:
    """Return a point as bytes, its kind's letter first."""
    return LETTERS[point.kind].encode() + point.pack()


def when(data: bytes) -> float:
    """Return where a packed point belongs in the order of merging; only of gauges does that matter."""
    is_gauge = data[:1] == LETTERS[GAUGE].encode() and len(data) > GaugePoint._FORM.size
    return GaugePoint.when(data[1:]) if is_gauge else 0.0


def unpack(data: bytes) -> AnyPoint:
    """Return the point that `pack` wrote."""
    return BY_LETTER[chr(data[0])].unpack(data[1:])
