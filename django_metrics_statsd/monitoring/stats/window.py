"""What one process has gathered in a few seconds, as points: a few bytes a name for any number of calls."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any, Final, TypeVar

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, TIMER
from django_metrics_statsd.clients.dialects import member
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.monitoring.stats.naming import OWN, StoreNames, id_of
from django_metrics_statsd.monitoring.stats.points import (
    LETTERS,
    AnyPoint,
    CounterPoint,
    GaugePoint,
    SetPoint,
    TimerPoint,
    pack,
)

P = TypeVar("P", CounterPoint, TimerPoint, GaugePoint, SetPoint)
Key = tuple[str, str]  # kind and name


class StatWindow(Window):
    """One window; filled as the buffered client fills its own, under a lock.

    Args:
        start: its beginning, in Unix seconds.
        names: cleans names, and remembers them beyond this window.
        most: how many stats it takes; those in `regulars` besides.
        drop: called with a reason for each stat that is not taken.
    """

    __slots__ = ("most", "names", "points", "regulars", "start")

    def __init__(
        self, start: int, names: StoreNames, most: int, regulars: set[Key], drop: Callable[..., None]
    ) -> None:
        super().__init__(0, drop)
        self.start, self.names, self.most, self.regulars = start, names, most, regulars
        self.points: dict[Key, AnyPoint] = {}

    @property
    def series(self) -> int:
        """How many distinct stats it holds."""
        return len(self.points)

    @property
    def full(self) -> bool:
        """Never: it does not grow with the number of stats."""
        return False

    def _point(self, made: type[P], name: str) -> P | None:
        """Return the stat's point, a new one if need be; None if there is no room for one."""
        key = (made.kind, name)
        found = self.points.get(key)
        if found is None:
            if len(self.points) >= self.most and key not in self.regulars and not name.startswith(OWN):
                return None
            found = self.points[key] = made()
        return found  # type: ignore[return-value] # its kind is in the key

    def _count(self, key: Any, value: float) -> str:
        name, weight = self.names(key)
        if not name:
            return "name"
        point = self._point(CounterPoint, name)
        if point is None:
            return "series"
        point.total += value * weight
        return ""

    def _keep(self, key: Any, values: list[float]) -> str:
        name, weight = self.names(key)
        if not name:
            return "name"
        point = self._point(TimerPoint, name)
        if point is None:
            return "series"
        try:
            point.take(values, weight)
        except (TypeError, ValueError, OverflowError):  # whatever the host calls a number
            return "value"
        return ""

    def _gauge(self, key: Any, change: Callable[[GaugePoint], None]) -> str:
        name, _ = self.names(key)
        if not name:
            return "name"
        point = self._point(GaugePoint, name)
        if point is None:
            return "series"
        change(point)
        return ""

    def _set_gauge(self, key: Any, value: float) -> str:
        return self._gauge(key, lambda point: point.set_to(value, time()))

    def _step_gauge(self, key: Any, value: float) -> str:
        return self._gauge(key, lambda point: point.step(value, time()))

    def _add_member(self, key: Any, value: Any) -> str:
        text = "" if value is None else member(value)
        if not text:
            return "value"
        name, _ = self.names(key)
        if not name:
            return "name"
        point = self._point(SetPoint, name)
        if point is None:
            return "series"
        point.take(text)
        return ""

    _ADDERS: Final[Any] = {  # type: ignore[misc] # the same words, with this class's ways
        COUNTER: _count,
        TIMER: Window._time,
        GAUGE: _set_gauge,
        GAUGE_DELTA: _step_gauge,
    }


class Batch:
    """A window on its way into the database.

    Attributes:
        names: ``{id: (letter of the kind, name)}`` of the stats in it.
        data: ``{id: packed point}``.
        taken: of how many stats it tells.
        size: about how many bytes it takes.
        report: what it says of dropped stats, ``{reason: how many}``.
    """

    __slots__ = ("data", "id", "names", "report", "size", "start", "step", "taken")

    def __init__(self, identity: str, window: StatWindow, step: int) -> None:
        self.id, self.start, self.step, self.taken = identity, window.start, step, window.taken
        self.report: dict[str, int] = {}
        self.names: dict[int, tuple[str, str]] = {}
        self.data: dict[int, bytes] = {}
        for (kind, name), point in window.points.items():
            letter = LETTERS[kind]
            number = id_of(letter, name)
            self.names[number] = (letter, name)
            self.data[number] = pack(point)
        self.size = sum(map(len, self.data.values())) + 200 * len(self.data) + 500

    def without(self, numbers: set[int]) -> int:
        """Leave stats out; return how many of what was taken go with them, by their share."""
        gone = round(self.taken * len(numbers) / max(1, len(self.data)))
        for number in numbers:
            del self.data[number], self.names[number]
        self.taken -= gone
        return gone
