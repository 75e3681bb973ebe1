"""What one interval has gathered: counters summed, gauges' last values, sets united, timers sampled.

Filled and emptied under the client's lock only. Keys are the plain name for the common case (no tags,
rate 1), else ``(name, rate, tags)``; names are cleaned when lines are written, not before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from datetime import timedelta
from random import random, randrange
from typing import Any, Final

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, SET, TIMER, milliseconds
from django_metrics_statsd.clients.dialects import is_number, member
from django_metrics_statsd.names import freeze_tags

#: An interval that has gathered more than this is sent early; past twice this, new ones are dropped.
MAX_SERIES: Final = 5_000
MAX_VALUES: Final = 50_000
#: Longest time in milliseconds that is taken for a time (about eleven days).
_MAX_MS: Final = 1e9

Key = Any  # str | tuple[str, float, Tags]


class Window:
    """One interval's stats.

    Attributes:
        counters: ``{key: sum}``.
        timers: ``{key: [ms, …]}``, with ``timed`` holding ``{key: how many}`` where a sample was kept.
        gauges: ``{key: value}``; ``steps`` the same for changes to gauges not set in this interval.
        sets: ``{key: {member, …}}``.
        taken: stats that came in and were not dropped.
    """

    __slots__ = ("counters", "drop", "gauges", "reservoir", "sets", "steps", "taken", "timed", "timers", "values")  # fmt: skip

    def __init__(self, reservoir: int, drop: Callable[..., None]) -> None:
        self.reservoir, self.drop = reservoir, drop
        self.counters: dict[Key, float] = {}
        self.timers: dict[Key, list[float]] = {}
        self.timed: dict[Key, int] = {}
        self.gauges: dict[Key, float] = {}
        self.steps: dict[Key, float] = {}
        self.sets: dict[Key, set[str]] = {}
        self.taken = 0
        self.values = 0

    @property
    def series(self) -> int:
        """How many distinct series it holds."""
        return len(self.counters) + len(self.timers) + len(self.gauges) + len(self.steps) + len(self.sets)  # fmt: skip

    @property
    def full(self) -> bool:
        """Whether it should be sent before its time."""
        return self.values >= MAX_VALUES or self.series >= MAX_SERIES

    def fold(self, buffer: deque[tuple[Any, ...]]) -> None:
        """Empty the buffer into this window.

        The first two branches are the hot path: whole counts and float times with plain names.
        """
        counters, timers, popleft, room = self.counters, self.timers, buffer.popleft, self.reservoir
        for _ in range(len(buffer)):
            kind, stat, value, rate, tags = entry = popleft()
            if tags is None and rate == 1:
                if kind == COUNTER and value.__class__ is int and stat in counters:
                    counters[stat] += value
                    self.taken += 1
                    continue
                if kind == TIMER and value.__class__ is float and 0 <= value < _MAX_MS:
                    kept = timers.get(stat)
                    if kept is not None and len(kept) < room:
                        kept.append(value)
                        self.taken += 1
                        self.values += 1
                        continue
            self.fold_one(entry)

    def fold_one(self, entry: tuple[Any, ...]) -> None:
        """Take one stat of any shape, or drop and count it."""
        try:
            reason = self.add(*entry)
        except Exception:  # the values are the host's: their operators may raise anything
            reason = "value"
        if reason:
            self.drop(reason)
        else:
            self.taken += 1

    def add(self, kind: str, stat: Any, value: Any, rate: Any, tags: Any) -> str:
        """Add one stat of any shape; return why it was dropped, or ``""``."""
        if not isinstance(stat, str) or not stat:
            return "name"
        if not is_number(rate) or rate <= 0:
            return "rate" if rate != 0 else ""
        if rate < 1 and random() >= rate:
            return ""
        key: Hashable = stat
        if tags or rate < 1:
            key = (stat, min(rate, 1), (freeze_tags(tags) if tags else ()) or ())
        if kind == SET:
            return self._add_member(key, value)
        if isinstance(value, timedelta) and kind == TIMER:
            value = milliseconds(value)
        if not is_number(value):
            return "value"
        return self._ADDERS[kind](self, key, value if isinstance(value, int | float) else float(value))

    def _crowded(self, key: Key, *homes: dict[Key, Any]) -> bool:
        return self.series >= 2 * MAX_SERIES and not any(key in home for home in homes)

    def _count(self, key: Key, value: float) -> str:
        if self._crowded(key, self.counters):
            return "series"
        self.counters[key] = self.counters.get(key, 0) + value
        return ""

    def _time(self, key: Key, value: float) -> str:
        if not 0 <= value < _MAX_MS:
            return "value"
        kept = self.timers.get(key)
        if kept is None:
            if self._crowded(key, self.timers):
                return "series"
            kept = self.timers[key] = []
        if len(kept) < self.reservoir and self.values < 2 * MAX_VALUES:
            kept.append(value)
            self.values += 1
            return ""
        return self._sample(key, kept, value)

    def _sample(self, key: Key, kept: list[float], value: float) -> str:
        """Let each of all the values seen be kept with the same chance (Vitter's algorithm R, 1985)."""
        if not kept:
            return "series"
        seen = self.timed[key] = self.timed.get(key, len(kept)) + 1
        place = randrange(seen)
        if place < len(kept):
            kept[place] = value
        return ""

    def _set_gauge(self, key: Key, value: float) -> str:
        if self._crowded(key, self.gauges, self.steps):
            return "series"
        self.steps.pop(key, None)
        self.gauges[key] = value
        return ""

    def _step_gauge(self, key: Key, value: float) -> str:
        if self._crowded(key, self.gauges, self.steps):
            return "series"
        home = self.gauges if key in self.gauges else self.steps
        home[key] = home.get(key, 0) + value
        return ""

    def _add_member(self, key: Key, value: Any) -> str:
        if value is None:
            return "value"
        if self._crowded(key, self.sets) or self.values >= 2 * MAX_VALUES:
            return "series"
        members = self.sets.setdefault(key, set())
        before = len(members)
        members.add(member(value))
        self.values += len(members) - before
        return ""

    _ADDERS = {COUNTER: _count, TIMER: _time, GAUGE: _set_gauge, GAUGE_DELTA: _step_gauge}
