"""The numbers of the panel: last values, counts and rates of every stat, bounded in size.

At most `LIMIT` names are kept, and of each a minute of counts; what comes under other names is
left out and counted as such.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, TypedDict

from .browsers import Browsers, Report

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT = 500
WINDOW = 60
SAMPLES = 5_000
TYPES = {"c": "counter", "ms": "timer", "g": "gauge", "g+": "gauge", "s": "set"}


class Row(TypedDict):
    name: str
    type: str
    last: float | str
    shown: str
    count: float
    rate: float


class Summary(TypedDict):
    requests: float
    p95: float | None
    hits: float | None
    errors: float
    points: str


class Series:
    """One stat: its last value, how often it came, and how often in each of the last seconds."""

    def __init__(self, kind: str) -> None:
        self.type = TYPES.get(kind, kind)
        self.last: float | str = 0
        self.count = 0.0
        self.seconds: deque[tuple[int, float]] = deque(maxlen=WINDOW)

    def add(self, now: int, kind: str, value: float | str, rate: float) -> None:
        self.last = self._as_float() + float(value) if kind == "g+" else value
        times = float(value) / rate if kind == "c" else 1 / rate
        self.count += times
        if self.seconds and self.seconds[-1][0] == now:
            times += self.seconds.pop()[1]
        self.seconds.append((now, times))

    def recent(self, now: int) -> float:
        return sum(times for second, times in self.seconds if second > now - WINDOW)

    def _as_float(self) -> float:
        return self.last if isinstance(self.last, int | float) else 0.0

    @property
    def shown(self) -> str:
        if isinstance(self.last, str):
            return self.last
        if self.type == "timer":
            return f"{self.last:.{2 if self.last < 10 else 0}f} ms"
        return f"{self.last:g}"


class Board:
    """Every stat seen since the start, and what the panel says about them."""

    def __init__(self) -> None:
        self.left_out = 0
        self._lock = threading.Lock()
        self._started = now_s()
        self._series: dict[str, Series] = {}
        self._browsers = Browsers()
        self._views: deque[tuple[int, float]] = deque(maxlen=SAMPLES)

    def add(self, kind: str, stat: str, value: float | str, rate: float) -> None:
        with self._lock:
            series = self._series.get(stat)
            if series is None:
                if len(self._series) >= LIMIT:
                    self.left_out += 1
                    return
                series = self._series[stat] = Series(kind)
            series.add(now_s(), kind, value, rate)
            self._browsers.add(stat, value)
            if is_view_total(stat):
                self._views.append((now_s(), float(value)))

    def rows(self) -> list[Row]:
        with self._lock:
            now, elapsed = now_s(), self._elapsed()
            return [
                Row(
                    name=name,
                    type=one.type,
                    last=one.last,
                    shown=one.shown,
                    count=round(one.count),
                    rate=round(one.recent(now) / elapsed, 2),
                )
                for name, one in sorted(self._series.items())
            ]

    def browsers(self) -> list[Report]:
        with self._lock:
            return self._browsers.reports()

    def summary(self) -> Summary:
        """What the last minute was like: per minute, milliseconds, per cent, a number, a line."""
        with self._lock:
            now, per_minute = now_s(), 60 / self._elapsed()
            responses = {n: s for n, s in self._series.items() if is_response(n)}
            hits, misses = self._recent("hit", now), self._recent("miss", now)
            return Summary(
                requests=round(sum(s.recent(now) for s in responses.values()) * per_minute),
                p95=percentile((ms for at, ms in self._views if at > now - WINDOW), 0.95),
                hits=100 * hits / (hits + misses) if hits + misses else None,
                errors=sum(s.recent(now) for n, s in responses.items() if n[9] == "5"),
                points=points(history(responses.values(), now)),
            )

    def _elapsed(self) -> int:
        return min(max(now_s() - self._started, 1), WINDOW)

    def _recent(self, outcome: str, now: int) -> float:
        found = (s for n, s in self._series.items() if is_cache_outcome(n, outcome))
        return sum(series.recent(now) for series in found)


def now_s() -> int:
    return int(time.monotonic())


def is_response(stat: str) -> bool:
    """`response.200` is a response; `response.auth.200` says it again for users logged in."""
    return stat.startswith("response.") and stat[9:].isdecimal()


def is_view_total(stat: str) -> bool:
    """`view.GET` is sent once a request; `view.shop.views.front.GET` is the same in detail."""
    return stat.startswith("view.") and stat.count(".") == 1


def is_cache_outcome(stat: str, outcome: str) -> bool:
    return stat.startswith("cache.") and stat.endswith(f".{outcome}")


def percentile(values: Iterable[float], share: float) -> float | None:
    ordered = sorted(values)
    return round(ordered[math.ceil(len(ordered) * share) - 1], 1) if ordered else None


def history(series: Iterable[Series], now: int) -> list[float]:
    """Responses in each of the last `WINDOW` whole seconds, oldest first."""
    seconds = [0.0] * WINDOW
    for one in series:
        for second, times in one.seconds:
            if 0 < now - second <= WINDOW:
                seconds[second - now] += times
    return seconds


def points(values: list[float]) -> str:
    """The points of an SVG line through `values`, 20 high, 0 at the bottom."""
    top = max(*values, 1)
    return " ".join(f"{x},{20 - 20 * value / top:.1f}" for x, value in enumerate(values))
