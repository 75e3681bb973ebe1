"""What one interval has gathered: counters summed, gauges' last values, sets united, timers sampled.

Filled and emptied under the client's lock only. Keys are the plain name for the common case (no tags,
rate 1), else ``(name, rate, tags)``; names are cleaned when lines are written, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import timedelta
from math import isfinite
from random import random
from typing import Any, Final

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, SET, TIMER, milliseconds
from django_metrics_statsd.clients.dialects import is_number, member
from django_metrics_statsd.clients.reservoir import Reservoir
from django_metrics_statsd.names import NO_TAGS, Frozen, freeze_tags

#: An interval that has gathered more than this is sent early.
MAX_SERIES: Final = 5_000
MAX_VALUES: Final = 50_000
#: Past this, because nothing can be sent, new series are dropped and times only sampled (about 12 MB).
MOST_SERIES: Final = 40_000
MOST_VALUES: Final = 100_000
#: Longest time in milliseconds that is taken for a time (about eleven days).
_MAX_MS: Final = 1e9

Key = Any  # str | tuple[str, float, Frozen]
_KEY_PARTS: Final = 3


class Window:
    """One interval's stats.

    Attributes:
        counters: ``{key: sum}``.
        timers: ``{key: [ms, …]}``; ``sampled`` has a `Reservoir` for those that there is no room for.
        gauges: ``{key: value}``; ``steps`` the same for changes to gauges not set in this interval.
        sets: ``{key: {member, …}}``.
        taken: stats that came in and were not dropped.
    """

    __slots__ = (
        "counters", "drop", "gauges", "reservoir", "sampled", "sets", "steps", "taken", "timers", "values",
    )  # fmt: skip

    def __init__(self, reservoir: int, drop: Callable[..., None]) -> None:
        self.reservoir, self.drop = reservoir, drop
        self.counters: dict[Key, float] = {}
        self.timers: dict[Key, list[float]] = {}
        self.sampled: dict[Key, Reservoir] = {}
        self.gauges: dict[Key, float] = {}
        self.steps: dict[Key, float] = {}
        self.sets: dict[Key, set[str]] = {}
        self.taken = 0
        self.values = 0

    @property
    def series(self) -> int:
        """How many distinct series it holds."""
        kinds: tuple[dict[Key, Any], ...] = (self.counters, self.timers, self.gauges, self.steps, self.sets)
        return sum(len(series) for series in kinds)

    @property
    def full(self) -> bool:
        """Whether it should be sent before its time."""
        return self.values >= MAX_VALUES or self.series >= MAX_SERIES

    def fold_counts(self, counts: dict[Any, int]) -> None:
        """Add to counters, given as ``{key: how many}``."""
        for key, count in counts.items():
            reason = self._count(key, count) if _is_key(key) else "name"
            if reason:
                self.drop(reason, count)
            else:
                self.taken += count

    def fold_times(self, key: Any, values: list[Any]) -> None:
        """Add times of one series: in bulk where they are what they should be, finite numbers."""
        if not _is_key(key) or not _are_times(values):
            stat, rate, tags = key if key.__class__ is tuple and len(key) == _KEY_PARTS else (key, 1, None)
            for value in values:
                self.fold_one((TIMER, stat, value, rate, tags))
            return
        reason = self._keep(key, values)
        if reason:
            self.drop(reason, len(values))
        else:
            self.taken += len(values)

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
            key = (stat, min(float(rate), 1), freeze_tags(tags) if tags else NO_TAGS)
        if kind == SET:
            return self._add_member(key, value)
        if isinstance(value, timedelta) and kind == TIMER:
            value = milliseconds(value)
        if not is_number(value):
            return "value"
        return self._ADDERS[kind](self, key, int(value) if isinstance(value, int) else float(value))

    def _crowded(self, key: Key, *homes: dict[Key, Any]) -> bool:
        return self.series >= MOST_SERIES and not any(key in home for home in homes)

    def _count(self, key: Key, value: float) -> str:
        if self._crowded(key, self.counters):
            return "series"
        self.counters[key] = self.counters.get(key, 0) + value
        return ""

    def _time(self, key: Key, value: float) -> str:
        return self._keep(key, [value]) if 0 <= value < _MAX_MS else "value"

    def _keep(self, key: Key, values: list[float]) -> str:
        """Keep as many times as there is room for, and a fair sample of the others."""
        kept = self.timers.get(key)
        if kept is None:
            if self._crowded(key, self.timers) or self.values >= MOST_VALUES:
                return "series"
            kept = self.timers[key] = []
        room = 0
        if key not in self.sampled:
            room = max(0, min(self.reservoir - len(kept), MOST_VALUES - self.values))
            kept += values[:room]
            self.values += min(room, len(values))
        if len(values) > room:
            if key not in self.sampled:
                self.sampled[key] = Reservoir(kept)
            self.sampled[key].offer(values[room:])
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
        text = "" if value is None else member(value)
        if not text:
            return "value"
        if self._crowded(key, self.sets) or self.values >= MOST_VALUES:
            return "series"
        members = self.sets.setdefault(key, set())
        before = len(members)
        members.add(text)
        self.values += len(members) - before
        return ""

    _ADDERS: Final = {COUNTER: _count, TIMER: _time, GAUGE: _set_gauge, GAUGE_DELTA: _step_gauge}


def _is_key(key: Any) -> bool:
    """Whether this is a key of ours: a name, or a name, a rate and tags."""
    if key.__class__ is tuple and len(key) == _KEY_PARTS and key[2].__class__ is Frozen:
        key = key[0]
    return isinstance(key, str) and key != ""


_NUMBERS = frozenset({int, float})


def _are_times(values: list[Any]) -> bool:
    """Whether all of these are finite numbers from 0 to the limit. NaN and infinity show in the sum."""
    if not _NUMBERS.issuperset(map(type, values)):  # what adds up need not be a number
        return False
    try:
        total = sum(values)
        if total < _MAX_MS:  # then each is, too, if none is negative
            return bool(min(values) >= 0)
        return isfinite(total) and bool(min(values) >= 0 and max(values) < _MAX_MS)
    except Exception:  # the values are the host's
        return False
