"""The value axis: how far it reaches, and its ticks at ones, twos and fives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from django_metrics_statsd.monitoring.charts.units import Scale, scale_for, tick_labels

#: How many steps an axis has, about.
_STEPS = 4
#: Values that differ by less than this share of themselves are drawn as equal: floats end there.
_EQUAL = 1e-9
_LEAST = 1e-290


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Bounds in the chart's unit, ticks as pairs of value and label, and the scale of the labels."""

    low: float
    high: float
    ticks: list[tuple[float, str]]
    scale: Scale

    def share(self, value: float) -> float:
        """Return how far down a value stands: 0 at the top, 1 at the bottom; never beyond."""
        return min(max((self.high - value) / (self.high - self.low), 0.0), 1.0)


def value_axis(values: Sequence[float], unit: str, from_zero: bool) -> ValueAxis:
    """Return an axis on which all the values have room.

    Args:
        values: the lowest and the highest, among others.
        unit: see `Chart`.
        from_zero: whether zero must be on it. It is anyway where the values come near it.
    """
    low, high = bounds(min(values, default=0.0), max(values, default=0.0), from_zero)
    scale = _scale(low, high, unit)
    step = nice_step((high - low) / scale.divisor / _STEPS)
    first, last = floor(low / scale.divisor / step + 1e-9), ceil(high / scale.divisor / step - 1e-9)
    marks = [at * step for at in range(first, last + 1)]
    labels = tick_labels(marks, scale)
    ticks = [(mark * scale.divisor, label) for mark, label in zip(marks, labels, strict=True)]
    return ValueAxis(ticks[0][0], ticks[-1][0], ticks, scale)


def _scale(low: float, high: float, unit: str) -> Scale:
    """Return the scale of the largest number, or of the differences where these are all that matters."""
    largest, apart = max(abs(low), abs(high)), high - low
    return scale_for(largest if apart * 1000 > largest else apart, unit)


def bounds(low: float, high: float, from_zero: bool) -> tuple[float, float]:
    """Return where an axis for values from `low` to `high` begins and ends, before it is rounded."""
    largest = max(abs(low), abs(high))
    if largest < _LEAST:
        return 0.0, 1.0
    equal = high - low <= largest * _EQUAL
    if from_zero or equal or high - low >= largest / 2:
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high


def nice_step(about: float) -> float:
    """Return 1, 2 or 5 times a power of ten: the least that is not below `about`, which is above zero."""
    power = 10.0 ** floor(log10(about))
    return next((times * power for times in (1, 2, 5) if times * power >= about * (1 - 1e-9)), 10 * power)
