"""DDSketch: percentiles of values that were not kept, within 1 %, from sketches that can be added up.

Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees"
(VLDB 2019). A value falls into the bin ``ceil(log_gamma(value))``; each bin is as wide as the error allows.

The bins are those of the ``ddsketch`` package at this accuracy (a test compares). It is not used itself, as
it takes values one by one, and packs sketches only with protobuf.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil, exp, log, log1p
from typing import Final

ACCURACY: Final = 0.01
_LOG_GAMMA: Final = log1p(2 * ACCURACY / (1 - ACCURACY))
_PER_LOG: Final = 1 / _LOG_GAMMA
#: Where in a bin the value is that is equally far, as a share of it, from both ends; 1 is the upper end.
_MIDDLE: Final = 1 - ACCURACY
#: Values below this, in milliseconds a femtosecond, are taken for 0, and their bin is this.
SMALLEST: Final = 1e-12
ZERO: Final = -32_768

#: ``{bin: how many}``; whole numbers, unless some values stand for several (a rate below 1).
Bins = dict[int, float]

_HEAD: Final = struct.Struct("<ccHh")


def binned(values: Sequence[float]) -> Counter[int]:
    """Return how many of these values, none of which is negative, fall into which bin."""
    scale = _PER_LOG
    found = Counter([ceil(log(value) * scale) for value in values if value >= SMALLEST])
    zeros = len(values) - found.total()
    if zeros:
        found[ZERO] = zeros
    return found


def add(bins: Bins, more: Mapping[int, float], weight: float = 1) -> None:
    """Add `more` to `bins`, each value counting `weight` times."""
    get = bins.get
    for key, count in more.items():
        bins[key] = get(key, 0) + count * weight


def value_of(key: int) -> float:
    """Return the value that stands for all of a bin."""
    return 0.0 if key == ZERO else exp(key * _LOG_GAMMA) * _MIDDLE


def quantile(bins: Mapping[int, float], share: float) -> float | None:
    """Return the value below which that share (0 to 1) of all values lies; None where there are none."""
    rank, passed = share * (sum(bins.values()) - 1), 0.0
    found: int | None = None
    for found in sorted(bins):
        passed += bins[found]
        if passed > rank:
            break
    return None if found is None else value_of(found)


def pack(bins: Bins) -> bytes:
    """Return the bins as bytes: which numbers follow, how many, the first key, the steps from it, the counts.

    Steps are small and much alike, so that many sketches together compress well.
    """
    keys = sorted(bins)
    steps = [after - before for before, after in pairwise(keys)]
    counts = [bins[key] for key in keys]
    step_kind, count_kind = _narrowest(steps), _narrowest(counts)
    if count_kind != "f":
        counts = list(map(int, counts))
    head = _HEAD.pack(step_kind.encode(), count_kind.encode(), len(keys), keys[0] if keys else 0)
    return head + struct.pack(_form(step_kind, count_kind, len(keys)), *steps, *counts)


def _form(step_kind: str, count_kind: str, size: int) -> str:
    return f"<{max(0, size - 1)}{step_kind}{size}{count_kind}"


def _narrowest(counts: Sequence[float]) -> str:
    """Return the narrowest of struct's numbers that all these go into."""
    most = max(counts, default=0)
    if most >= 1 << 32 or any(count != int(count) for count in counts):
        return "f"
    return "B" if most < 1 << 8 else "H" if most < 1 << 16 else "I"


def unpack(data: bytes, at: int = 0) -> Bins:
    """Return the bins that `pack` wrote, from the byte at `at` on."""
    step_kind, count_kind, size, first = _HEAD.unpack_from(data, at)
    if not size:
        return {}
    form = _form(step_kind.decode(), count_kind.decode(), size)
    numbers = struct.unpack_from(form, data, at + _HEAD.size)
    keys = accumulate(numbers[: size - 1], initial=first)
    return dict(zip(keys, numbers[size - 1 :], strict=True))
