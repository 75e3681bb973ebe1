"""From what is known of a stat in a span of time to figures: sums, rates, means, percentiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from django_metrics_statsd.monitoring.stats.points import (
    COUNTER,
    GAUGE,
    SET,
    TIMER,
    AnyPoint,
    CounterPoint,
    GaugePoint,
    SetPoint,
    TimerPoint,
)

#: The figures that each kind of stat has, the one that is meant where none is named first.
FIGURES: Final[dict[str, tuple[str, ...]]] = {
    COUNTER: ("sum", "rate", "count"),
    TIMER: ("mean", "p50", "p75", "p90", "p95", "p99", "min", "max", "count", "rate", "sum"),
    GAUGE: ("last", "mean", "min", "max", "count"),
    SET: ("distinct", "count"),
}
DEFAULT_FIGURE: Final = {kind: figures[0] for kind, figures in FIGURES.items()}
#: Figures of a counter that are 0, rather than unknown, where nothing was counted.
ZERO_WITHOUT: Final = {COUNTER: ("sum", "rate", "count"), TIMER: ("count", "rate")}


def unit(kind: str, figure: str) -> str:
    """Return a figure's unit: ``"ms"``, ``"/s"`` or none."""
    if figure == "rate":
        return "/s"
    return "ms" if kind == TIMER and figure != "count" else ""


@dataclass(frozen=True)
class Summary:
    """A stat in a span of time. A figure that its kind has not is None; see `FIGURES`.

    Attributes:
        seconds: the length of the span so far.
        base: what a gauge that was only changed by steps was before the span.
    """

    point: AnyPoint
    seconds: float
    base: float = 0.0

    @property
    def kind(self) -> str:
        """``"counter"``, ``"timer"``, ``"gauge"`` or ``"set"``."""
        return self.point.kind

    def get(self, figure: str) -> float | None:
        """Return a figure by its name; None for one that the kind has not, and where it has no value."""
        if figure not in FIGURES[self.kind]:
            return None
        if figure[0] == "p" and figure[1:].isdecimal():
            return self.quantile(int(figure[1:]) / 100)
        value = _GET[self.kind](self.point, self).get(figure)
        return value if value is None or isfinite(value) else None

    def quantile(self, share: float) -> float | None:
        """Return the time below which that share (0 to 1) of a timer's lies, within 1 %."""
        return self.point.quantile(share) if isinstance(self.point, TimerPoint) else None

    def __getattr__(self, name: str) -> float | None:
        if name in _ALL:
            return self.get(name)
        raise AttributeError(name)


_ALL: Final = frozenset(figure for figures in FIGURES.values() for figure in figures)
Values = dict[str, float | None]


def _of_counter(point: CounterPoint, whole: Summary) -> Values:
    return {"sum": point.total, "count": point.total, "rate": point.total / whole.seconds}


def _of_timer(point: TimerPoint, whole: Summary) -> Values:
    return {
        "count": point.count,
        "rate": point.count / whole.seconds,
        "sum": point.total,
        "mean": point.total / point.count if point.count else None,
        "min": point.low,
        "max": point.high,
    }


def _of_gauge(point: GaugePoint, whole: Summary) -> Values:
    last = (whole.base if point.last is None else point.last) + point.steps
    if not point.count:  # changed by steps alone
        return {"last": last, "mean": last, "min": last, "max": last, "count": 0.0}
    mean = point.total / point.count
    low, high = min(point.low, last), max(point.high, last)
    return {"last": last, "mean": mean, "min": low, "max": high, "count": point.count}


def _of_set(point: SetPoint, whole: Summary) -> Values:
    return {"distinct": point.distinct, "count": point.distinct}


_GET: Final[dict[str, Callable[[Any, Summary], Values]]] = {
    COUNTER: _of_counter,
    TIMER: _of_timer,
    GAUGE: _of_gauge,
    SET: _of_set,
}
