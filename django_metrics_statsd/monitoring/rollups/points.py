"""What a bucket knows of the values that were added to it, and how two buckets become one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django_metrics_statsd.monitoring.rollups.spread import Spread


class Sample(NamedTuple):
    """One ``add``: when (seconds since 1970), of which series, what, and out of how much (ratios)."""

    at: float
    series: str
    value: float
    whole: float = 0.0


@dataclass(slots=True)
class Point:
    """The values of one bucket: how many, their sum, least and greatest, the latest, and how they are spread.

    ``whole`` is the sum of what the values are parts of; 0 for all but ratios. ``spread`` is None where a
    monitor keeps no percentiles.
    """

    count: int = 0
    total: float = 0.0
    whole: float = 0.0
    low: float = float("inf")
    high: float = float("-inf")
    last: float = 0.0
    last_at: float = float("-inf")
    spread: Spread | None = None

    def take(self, sample: Sample) -> None:
        """Add one sample, but for the spread."""
        value = sample.value
        self.count += 1
        self.total += value
        self.whole += sample.whole
        self.low, self.high = min(self.low, value), max(self.high, value)
        if sample.at >= self.last_at:
            self.last, self.last_at = value, sample.at

    def merge(self, other: Point) -> None:
        """Add all that another one knows; `other` stays as it is."""
        self.count += other.count
        self.total += other.total
        self.whole += other.whole
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        if other.last_at >= self.last_at:
            self.last, self.last_at = other.last, other.last_at
        if other.spread is not None:
            if self.spread is None:
                self.spread = Spread()
            self.spread.merge(other.spread)


def gathered(samples: Iterable[Sample], *, spread: bool) -> Point:
    """Return the point of some samples; `spread` says whether its percentiles are wanted."""
    point = Point(spread=Spread() if spread else None)
    samples = list(samples)
    for sample in samples:
        point.take(sample)
    if point.spread is not None:
        point.spread.add(sample.value for sample in samples)
    return point


def merged(points: Iterable[Point]) -> Point:
    """Return one point of many."""
    whole = Point()
    for point in points:
        whole.merge(point)
    return whole
