"""What callers have emitted and nobody has folded yet: lists, filled without a lock.

Each append and each slice here is one operation of the interpreter, so no stat is lost or seen twice,
whichever threads emit and fold. The two common calls go where C code can work through them in bulk: a
counter plus one is its key in a list, a time is a float in its key's list, and only the rest are tuples of
everything. Keys are a window's: the bare name, or with tags ``(name, 1, tags)``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django_metrics_statsd.clients.base import COUNTER, TIMER
from django_metrics_statsd.clients.window import Window
from django_metrics_statsd.names import freeze_tags

#: How many counts, times (of all names together) and other stats may wait for the thread. From there on
#: their callers fold them; and if somebody else is at that, there may be so many times more until the newest
#: is dropped. In bytes, about 0.1, 1 and 2 MB, and in the worst case 16 times that.
ONES_LIMIT: Final = 16_384
TIMES_LIMIT: Final = 32_768
OTHERS_LIMIT: Final = 16_384
PATIENCE: Final = 16
#: For how many names times may have lists of their own before these are thrown away with each fold, and for
#: how many before the caller folds.
MAX_NAMES: Final = 2_000
MAX_CROWD: Final = 4_000

Emit = Callable[..., None]
Fold = Callable[[Window], None]
#: Calls the function with the current window; says whether it could, or somebody else is at that.
Relieve = Callable[[Fold], bool]
Drop = Callable[[str], None]


class Pending:
    """Stats on their way to a window.

    Attributes:
        incr, timing, record: what callers call. Closures: they cost a third less than methods.
    """

    def __init__(self, relieve: Relieve, drop: Drop) -> None:
        self._relieve, self._drop = relieve, drop
        self._ones: list[Any] = []
        self._times: dict[Any, list[Any]] = {}
        self._retired: list[tuple[Any, list[Any]]] = []
        self._others: list[tuple[Any, ...]] = []
        self._most = TIMES_LIMIT
        self.record: Emit = self._make_record()
        self.incr: Emit = self._make_incr()
        self.timing: Emit = self._make_timing()

    def clear(self) -> None:
        """Forget everything."""
        for entries in (self._ones, self._times, self._retired, self._others):
            entries.clear()

    def fold_into(self, window: Window) -> None:
        """Move everything into the window. One thread at a time."""
        self._fold_ones(window)
        self._fold_times(window)
        self._fold_others(window)

    def _fold_ones(self, window: Window) -> None:
        keys = _take(self._ones)
        try:
            counts = Counter(keys)
        except Exception:  # a name that cannot be hashed
            for key in keys:
                window.fold_one((COUNTER, key, 1, 1, None))
            return
        window.fold_counts(counts)

    def _fold_times(self, window: Window) -> None:
        # A list that was taken out of the dictionary is looked at once more at the next fold: a caller may
        # have had it in hand.
        retired, self._retired = self._retired, []
        for key, times in [*retired, *self._times.copy().items()]:
            _fold_series(key, times, window)
        if len(self._times) > MAX_NAMES:
            for key in list(self._times):
                self._retired.append((key, self._times.pop(key)))

    def _fold_others(self, window: Window) -> None:
        for entry in _take(self._others):
            window.fold_one(entry)

    def _help(self, entries: list[Any], fold: Fold, limit: int) -> None:
        """Fold a list that has become long; if somebody else is folding, let it grow, but not for ever."""
        if not self._relieve(fold) and len(entries) > PATIENCE * limit:
            entries.pop()  # the newest, as who folds takes from the front
            self._drop("buffer_full")

    def _begin(self, key: Any) -> list[Any] | None:
        """Return a series' list of times, new if need be; None for what can be no key."""
        if len(self._times) > MAX_CROWD:
            self._relieve(self._fold_times)
        try:
            return self._times.setdefault(key, [])  # one operation: two threads get the same list
        except Exception:
            return None
        finally:
            self._most = TIMES_LIMIT // max(1, len(self._times))

    def _make_incr(self) -> Emit:
        ones, record, help_, one = self._ones, self.record, self._help, 1
        append, fold, limit = ones.append, self._fold_ones, ONES_LIMIT

        def incr(stat: Any, count: Any = 1, rate: Any = 1, tags: Any = None) -> None:
            # By identity, as == may do anything here; another 1 than the interpreter's only takes longer.
            if count is one and rate is one:
                if tags is not None:
                    frozen = freeze_tags(tags)
                    stat = (stat, 1, frozen) if frozen else stat
                append(stat)
                if len(ones) > limit:
                    help_(ones, fold, limit)
            else:
                record(COUNTER, stat, count, rate, tags)

        return incr

    def _make_timing(self) -> Emit:
        times, record, begin, one = self._times, self.record, self._begin, 1

        def timing(stat: Any, delta: Any, rate: Any = 1, tags: Any = None) -> None:
            if rate is not one:
                record(TIMER, stat, delta, rate, tags)
                return
            key = stat
            if tags is not None:
                frozen = freeze_tags(tags)
                key = (stat, 1, frozen) if frozen else stat
            mine: list[Any] | None
            try:
                mine = times[key]
            except Exception:  # not there yet, or a name that cannot be hashed
                mine = begin(key)
                if mine is None:
                    record(TIMER, stat, delta, rate, tags)
                    return
            mine.append(delta)
            if len(mine) > self._most:
                self._help(mine, partial(_fold_series, key, mine), self._most)

        return timing

    def _make_record(self) -> Emit:
        others, fold = self._others, self._fold_others

        def record(kind: str, stat: Any, value: Any, rate: Any, tags: Any) -> None:
            others.append((kind, stat, value, rate, tags if tags is None else freeze_tags(tags)))
            if len(others) > OTHERS_LIMIT:
                self._help(others, fold, OTHERS_LIMIT)

        return record


def _fold_series(key: Any, times: list[Any], window: Window) -> None:
    if times:
        window.fold_times(key, _take(times))


def _take(entries: list[Any]) -> list[Any]:
    """Take out of a list, which others append to, what is in it now."""
    taken = entries[:]
    del entries[: len(taken)]
    return taken
