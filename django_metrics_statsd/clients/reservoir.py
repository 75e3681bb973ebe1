"""Which of endlessly many values to keep, so that each has had the same chance."""

from __future__ import annotations

from math import exp, floor, log, log1p
from random import random, randrange


class Reservoir:
    """Goes on from a full list of kept values; ``seen`` counts those values and all offered since.

    Li's algorithm L (ACM TOMS 20(4), 1994): it draws how many values to pass over until the next one that is
    kept, so a flood costs what it keeps and not what it offers.
    """

    __slots__ = ("_kept", "_next", "_weight", "seen")

    def __init__(self, kept: list[float]) -> None:
        self._kept = kept
        self.seen = len(kept)
        self._next, self._weight = self.seen - 1, 1.0
        self._skip()

    def offer(self, values: list[float]) -> None:
        """Let some of these take the place of kept ones."""
        end = self.seen + len(values)
        while self._next < end:
            self._kept[randrange(len(self._kept))] = values[self._next - self.seen]
            self._skip()
        self.seen = end

    def _skip(self) -> None:
        self._weight *= exp(log(1 - random()) / len(self._kept))
        # log1p(-1) has no value: a weight of 1 means that the very next one is kept
        chance = log1p(-self._weight) if self._weight < 1 else -float("inf")
        self._next += floor(log(1 - random()) / chance) + 1
