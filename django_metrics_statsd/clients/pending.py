"""What callers have emitted and nobody has folded yet: lists, filled without a lock.

Each append and each slice here is one operation of the interpreter, so no stat is lost or seen twice,
whichever threads emit and fold. The two common calls go where C code can work through them in bulk: a
counter plus one is its key in a list, a time is a float in its key's list, and only the rest are tuples of
everything. Keys are a window's: the bare name, or with tags ``(name, 1, tags)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from django_metrics_statsd.clients.base import COUNTER, TIMER
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.names import freeze_tags

#: Entries of one list at which the caller folds it, and past which, if somebody else is at it, it drops one.
SOFT_LIMIT: Final = 16_384
HARD_LIMIT: Final = 65_536
#: The same for the times of one name, for how many names have lists of their own, and for when there
#: are so many that the caller folds.
TIMES_LIMIT: Final = 4_096
MAX_NAMES: Final = 2_000
MAX_CROWD: Final = 4_000

Emit = Callable[..., None]


class Pending:
    """Stats on their way to a window.

    Attributes:
        incr, timing, record: what callers call. Closures: they cost a third less than methods.
    """

    def __init__(self, relieve: Callable[[], None]) -> None:
        self._ones: list[Any] = []
        self._times: dict[Any, list[Any]] = {}
        self._retired: list[tuple[Any, list[Any]]] = []
        self._others: list[tuple[Any, ...]] = []
        self.record: Emit = _make_record(self._others, relieve)
        self.incr: Emit = _make_incr(self._ones, self.record, relieve)
        self.timing: Emit = _make_timing(self._times, self.record, relieve)

    def clear(self) -> None:
        """Forget everything."""
        for entries in (self._ones, self._times, self._retired, self._others):
            entries.clear()

    def fold_into(self, window: Window) -> None:
        """Move everything into the window. One thread at a time."""
        if self._ones:
            self._fold_ones(window)
        if self._times or self._retired:
            self._fold_times(window)
        if self._others:
            for entry in _take(self._others, len(self._others)):
                window.fold_one(entry)

    def _fold_times(self, window: Window) -> None:
        # A list that was taken out of the dictionary is looked at once more at the next fold: a caller may
        # have had it in hand.
        retired, self._retired = self._retired, []
        crowded = len(self._times) > MAX_NAMES
        for stat, times in [*retired, *self._times.copy().items()]:
            if times:
                window.fold_times(stat, _take(times, len(times)))
        if crowded:
            for stat in list(self._times):
                self._retired.append((stat, self._times.pop(stat)))

    def _fold_ones(self, window: Window) -> None:
        names = _take(self._ones, len(self._ones))
        try:
            counts = Counter(names)
        except Exception:  # a name that cannot be hashed
            for name in names:
                window.fold_one((COUNTER, name, 1, 1, None))
            return
        window.fold_counts(counts)

    def shed(self) -> int:
        """Drop the newest entry of each list that is full; return how many that were.

        For when somebody else is folding and does not get on. From the end, as that one takes from the front.
        """
        lists = [self._ones, self._others, *self._times.copy().values()]
        full = [entries for entries in lists if len(entries) > HARD_LIMIT]
        for entries in full:
            entries.pop()
        return len(full)


def _take(entries: list[Any], count: int) -> list[Any]:
    """Take the first `count` entries out of a list that others append to."""
    taken = entries[:count]
    del entries[:count]
    return taken


def _make_incr(ones: list[Any], record: Emit, relieve: Callable[[], None]) -> Emit:
    append, one = ones.append, 1

    def incr(stat: Any, count: Any = 1, rate: Any = 1, tags: Any = None) -> None:
        # By identity, as == may do anything here; another 1 than the interpreter's only takes the long way.
        if count is one and rate is one and tags is None:
            append(stat)
            if len(ones) > SOFT_LIMIT:
                relieve()
        elif count is one and rate is one:
            frozen = freeze_tags(tags)
            append((stat, 1, frozen) if frozen else stat)
            if len(ones) > SOFT_LIMIT:
                relieve()
        else:
            record(COUNTER, stat, count, rate, tags)

    return incr


def _make_timing(times: dict[Any, list[Any]], record: Emit, relieve: Callable[[], None]) -> Emit:
    one = 1

    def timing(stat: Any, delta: Any, rate: Any = 1, tags: Any = None) -> None:
        if rate is one:
            key = stat
            if tags is not None:
                frozen = freeze_tags(tags)
                key = (stat, 1, frozen) if frozen else stat
            mine: list[Any] | None
            try:
                mine = times[key]
            except Exception:  # not there yet, or a name that cannot be hashed
                mine = _begin(times, key, relieve)
                if mine is None:
                    record(TIMER, stat, delta, rate, tags)
                    return
            mine.append(delta)
            if len(mine) > TIMES_LIMIT:
                relieve()
        else:
            record(TIMER, stat, delta, rate, tags)

    return timing


def _begin(times: dict[Any, list[Any]], key: Any, relieve: Callable[[], None]) -> list[Any] | None:
    """Return a series' list of times, new if need be; None for what can be no name."""
    if len(times) > MAX_CROWD:
        relieve()
    try:
        return times.setdefault(key, [])  # one operation: two threads get the same list
    except Exception:
        return None


def _make_record(others: list[tuple[Any, ...]], relieve: Callable[[], None]) -> Emit:
    append = others.append

    def record(kind: str, stat: Any, value: Any, rate: Any, tags: Any) -> None:
        append((kind, stat, value, rate, tags if tags is None else freeze_tags(tags)))
        if len(others) > SOFT_LIMIT:
            relieve()

    return record
