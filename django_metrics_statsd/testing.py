"""A recorder for your tests: what did this code emit?

::

    with capture() as stats:
        place_order()
    stats.assert_incr("orders", tags={"shop": "north"})
    stats.assert_timing("orders.total")
    stats.assert_not("orders.failed")

Every assertion raises, with the whole list of what was emitted. Recorders nest; each hears everything
emitted inside it, in any thread. The configured client still gets its stats, which in tests is the
null client unless ``STATSD_CLIENT`` is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, SET, TIMER, Record
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.names import freeze_tags


class _Any:
    """Equal to everything."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "ANY"


ANY: Any = _Any()

_WORDS = {COUNTER: "incr", TIMER: "timing", GAUGE: "gauge", GAUGE_DELTA: "gauge delta", SET: "set"}


class Captured:
    """The stats emitted while a `capture` block ran, in order, as `Record` tuples in ``records``."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __str__(self) -> str:
        if not self.records:
            return "Nothing was emitted."
        return "\n".join(["Emitted:", *(f"  {describe(record)}" for record in self.records)])

    def clear(self) -> None:
        """Forget what was emitted so far."""
        self.records.clear()

    def find(self, kind: str, stat: str, value: Any = ANY, rate: Any = ANY, tags: Any = ANY) -> list[Record]:
        """Return the stats that match in everything given. `tags` may be a part of a stat's tags."""
        return [
            record
            for record in self.records
            if record.kind == kind
            and record.stat == stat
            and value == record.value
            and rate == record.rate
            and _has_tags(record, tags)
        ]

    def assert_incr(self, stat: str, value: Any = ANY, **wanted: Any) -> list[Record]:
        """Assert that a counter was changed. A `decr` is a negative value.

        Args:
            stat: the name.
            value: the count, or `ANY`.
            wanted: ``rate``, ``tags`` (these at least), and ``times``: how many such stats exactly.
        """
        return self._assert(COUNTER, stat, value, **wanted)

    def assert_timing(self, stat: str, value: Any = ANY, **wanted: Any) -> list[Record]:
        """Assert that a time was sent. `value` is in milliseconds; the rest as in `assert_incr`."""
        return self._assert(TIMER, stat, value, **wanted)

    def assert_gauge(
        self, stat: str, value: Any = ANY, *, delta: bool = False, **wanted: Any
    ) -> list[Record]:
        """Assert that a gauge was set or, with `delta`, changed; the rest as in `assert_incr`."""
        return self._assert(GAUGE_DELTA if delta else GAUGE, stat, value, **wanted)

    def assert_set(self, stat: str, value: Any = ANY, **wanted: Any) -> list[Record]:
        """Assert that a set was given a member; the rest as in `assert_incr`."""
        return self._assert(SET, stat, value, **wanted)

    def assert_not(self, stat: str) -> None:
        """Assert that nothing was emitted under this name, of whatever kind."""
        if any(record.stat == stat for record in self.records):
            raise AssertionError(f"{stat!r} was emitted, but should not have been.\n{self}")

    def assert_nothing(self) -> None:
        """Assert that nothing at all was emitted."""
        if self.records:
            raise AssertionError(f"Something was emitted, but nothing should have been.\n{self}")

    def _assert(
        self,
        kind: str,
        stat: str,
        value: Any,
        *,
        rate: Any = ANY,
        tags: Any = ANY,
        times: int | None = None,
    ) -> list[Record]:
        found = self.find(kind, stat, value, rate, tags)
        if times is None and found:
            return found
        if times is not None and len(found) == times:
            return found
        wanted = describe(Record(kind, stat, value, rate, tags))
        often = "at least once" if times is None else f"{times} times"
        raise AssertionError(f"Expected {often}, but found {len(found)}: {wanted}\n{self}")


def _has_tags(record: Record, wanted: Any) -> bool:
    if wanted is ANY:
        return True
    have = dict(freeze_tags(record.tags)) if record.tags else {}
    if not wanted:
        return not have
    items = wanted.items() if isinstance(wanted, Mapping) else freeze_tags(wanted)
    return all(key in have and (value is ANY or str(value) == have[key]) for key, value in items)


def describe(record: Record) -> str:
    """Write a stat as people read it."""
    text = f"{_WORDS.get(record.kind, record.kind)} {record.stat} {record.value!r}"
    if record.rate is not ANY and record.rate != 1:
        text += f" rate={record.rate!r}"
    if record.tags is not ANY and record.tags:
        text += f" tags={dict(freeze_tags(record.tags))!r}"
    return text


@contextmanager
def capture(*, only: Callable[[Record], bool] | None = None) -> Iterator[Captured]:
    """Record what is emitted while the block runs, in this and other threads.

    Args:
        only: keep just the stats for which this is true.
    """
    captured = Captured()

    def listener(record: Record) -> None:
        if only is None or only(record):
            captured.records.append(record)

    statsd.listen(listener)
    try:
        yield captured
    finally:
        statsd.unlisten(listener)


class StatsdTestMixin:
    """For ``TestCase`` classes: ``self.stats`` holds what each test emits."""

    stats: Captured

    def setUp(self) -> None:
        """Begin to record."""
        super().setUp()  # type: ignore[misc]
        recording = capture()
        self.stats = recording.__enter__()
        self.addCleanup(recording.__exit__, None, None, None)  # type: ignore[attr-defined]
