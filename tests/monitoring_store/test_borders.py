"""What is read does not depend on what was rolled up or deleted so far, wherever a range begins and ends."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.monitoring.stats import patterns, pruning, reading, rolling
from django_metrics_statsd.monitoring.stats import window as windows
from django_metrics_statsd.monitoring.stats.models import StoredWindow
from tests.monitoring_store.clock import batch, write
from tests.services.harness import wait_until

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hour_ago(hours: float = 1) -> int:
    return int((time.time() - hours * HOUR) // HOUR) * HOUR


def roll(now: float | None = None) -> None:
    list(rolling.roll("stats", now or time.time()))


def values(series: reading.Series) -> list[float | None]:
    return [point.value for point in series.points]


def total(name: str, start: float, end: float, figure: str = "sum") -> float | None:
    found = reading.summary(name, at(start), at(end))
    return None if found is None else found.get(figure)


@pytest.fixture
def gauge(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set or change a gauge at a moment."""

    def change(moment: float, kind: str, name: str, value: float) -> None:
        monkeypatch.setattr(windows, "time", lambda: moment)
        write(batch(moment, (kind, name, value)))

    return change


class Questions:
    """Random ranges of all kinds, asked again and again."""

    def __init__(self, source: random.Random, now: float) -> None:
        self.source, self.now = source, now
        self.asked = [self._one() for _ in range(100)]

    def _edge(self) -> int:
        edge = int(self.now - self.source.uniform(0, self.source.choice([600, 7_200, DAY, 9 * DAY])))
        unit = self.source.choice([1, 10, 60, 1_800, HOUR, DAY])
        return edge // unit * unit

    def _one(self) -> Callable[[], Any]:
        start, end = sorted([self._edge(), self._edge()])
        step = self.source.choice([None, 10, 30, 50, 60, 300, HOUR, 7_200, DAY])
        edges = [at(edge) for edge in sorted({self._edge() for _ in range(4)})]
        return self.source.choice([
            lambda: (total("x", start, end), total("t", start, end, "count")),
            lambda: [(row.name, row.value) for row in reading.top("", at(start), at(end), by="count")],
            lambda: values(reading.series("x", at(0), at(0), edges=edges)) if len(edges) > 1 else None,
            lambda: values(reading.series("x", at(start), at(end), step)),
        ])  # fmt: skip

    def answers(self) -> list[Any]:
        return [question() for question in self.asked]


@pytest.mark.parametrize("seed", range(4))
def test_no_range_changes_while_rows_are_rolled_up_and_deleted(
    alias: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    source = random.Random(seed)
    now = int(time.time()) + source.random()
    monkeypatch.setattr(reading, "time", lambda: now)
    ages = [source.uniform(20, source.choice([400, 5_400, 3 * HOUR, DAY, 10 * DAY])) for _ in range(120)]
    write(*(batch(now - age, ("c", "x", 1), ("ms", "t", [source.random() * 100])) for age in ages))
    questions = Questions(source, now)
    before = questions.answers()
    for done, _ in enumerate(rolling.roll(alias, now)):
        if done % 60 == 30:
            assert questions.answers() == before
    assert questions.answers() == before
    list(pruning.prune(alias, now))
    assert questions.answers() == before


def test_a_gauge_of_many_steps_has_the_sum_of_all_at_every_stage(kept: Any, gauge: Any) -> None:
    start = hour_ago(4)
    gauge(start, "g", "jobs", 100)
    for number in range(1, 120):
        gauge(start + number * MINUTE + number % 6 * 10 + 1, "g+", "jobs", 1)
    for number in range(1, 6):  # within the minute in which it was set, and told of later
        gauge(start + number * 10 + 2, "g+", "jobs", 1)
    for until in (0, start + HOUR, start + 2 * HOUR + 400, time.time()):
        roll(until or 1)
        assert total("jobs", start, start + 4 * HOUR, "last") == 224


def test_a_later_value_goes_before_an_earlier_one_that_was_rolled_up(kept: Any, gauge: Any) -> None:
    hour, now = hour_ago(3), int(time.time() // 60) * 60 - 60
    gauge(hour, "g", "jobs", 10)
    gauge(hour + HOUR, "g", "jobs", 20)
    roll()
    gauge(now, "g+", "jobs", 1)
    assert total("jobs", hour, now + 60, "last") == 21


@pytest.mark.parametrize("offset", [0, 25])
def test_the_level_before_a_series_is_all_that_the_series_leaves_out(
    alias: str, gauge: Any, offset: int
) -> None:
    """A series of minutes begins with a whole one; what was before it is in the level, once."""
    minute = int(time.time() // 60) * 60 - 50 * MINUTE
    gauge(minute - 200, "g", "jobs", 10)
    gauge(minute + 35, "g+", "jobs", -3)
    gauge(minute + 65, "g+", "jobs", 1)
    for _ in range(2):
        found = reading.series("jobs", at(minute + offset), at(minute + 45 * MINUTE), 60)
        assert [value for value in values(found) if value is not None] == [7, 8]
        roll()


@pytest.mark.parametrize(("age", "step", "kept_for"), [(HOUR, 10, HOUR), (7 * DAY, 60, 7 * DAY)])
def test_where_detail_ends_steps_are_not_counted_twice(
    alias: str, gauge: Any, monkeypatch: pytest.MonkeyPatch, age: int, step: int, kept_for: int
) -> None:
    real = time.time()
    moment = int(real // HOUR) * HOUR - age
    gauge(moment - 7_200, "g", "jobs", 10)
    gauge(moment + 4 * step, "g+", "jobs", -3)
    roll(real + 600)
    now = moment + kept_for + step
    list(pruning.prune(alias, now))
    monkeypatch.setattr(reading, "time", lambda: now)
    found = reading.series("jobs", at(moment + 2 * step), at(moment + 30 * step), step)
    assert [value for value in values(found) if value is not None] == [7]


def test_gauges_that_are_taken_together_have_their_level(alias: str, gauge: Any) -> None:
    minute = int(time.time() // 60) * 60 - 600
    gauge(minute - 300, "g", "jobs", 10)
    gauge(minute, "g+", "jobs", -3)
    found = reading.merged(["jobs"], at(minute), at(minute + 60), 60)
    assert values(found) == values(reading.series("jobs", at(minute), at(minute + 60), 60)) == [7]


def test_a_range_that_ends_amid_a_minute_or_an_hour_ends_with_it(kept: Any) -> None:
    hour = hour_ago(2)
    write(batch(hour, ("c", "x", 1)), batch(hour + 1_830, ("c", "x", 2)), batch(hour + 1_850, ("c", "x", 4)))
    for until in (1, hour + 2_030, time.time()):
        roll(until)
        assert total("x", hour, hour + 1_845) == 7  # longer than half an hour: by whole minutes
        assert total("x", time.time() - 9 * DAY, hour + 1_800) == 7  # so long ago: by whole hours


def test_the_first_hour_of_what_is_kept_in_minutes_stays_whole(kept: Any) -> None:
    now = time.time()
    start = int(now - 7 * DAY) + 120
    moment = start // 60 * 60 + 120
    write(batch(moment, ("c", "x", 5)), batch(moment + HOUR, ("c", "x", 7)))
    roll()
    list(pruning.prune("stats", now))
    assert total("x", start, start + 6 * HOUR) == 12
    assert sum(values(reading.series("x", at(start), at(start + 6 * HOUR), 60))) == 12  # type: ignore[arg-type]


def test_a_day_is_kept_for_as_long_as_is_said(alias: str, settings: Any) -> None:
    settings.MONITORING_STATS_HOUR_DAYS = 1
    midnight = int(time.time() // DAY) * DAY
    write(batch(midnight - HOUR, ("c", "x", 1)))
    roll(midnight + 3 * HOUR)
    list(pruning.prune(alias, midnight + 3 * HOUR))
    assert total("x", midnight - 2 * HOUR, midnight) == 1
    list(pruning.prune(alias, midnight + 2 * DAY))
    assert total("x", midnight - 2 * HOUR, midnight) is None


def test_a_step_is_as_fine_as_what_is_kept_where_it_begins(
    alias: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = int(time.time() // 60) * 60 - HOUR + 30
    write(*(batch(moment + 10 * number, ("c", "x", 1)) for number in range(12)))
    roll()
    monkeypatch.setattr(reading, "time", lambda: moment + HOUR + 5.5)
    found = reading.series("x", at(moment + 6), at(moment + 120))
    assert found.step == 60
    assert sum(value or 0 for value in values(found)) == 12


@pytest.fixture
def client(kept: Any, settings: Any) -> Iterator[Any]:
    settings.MONITORING_STATS_WINDOW = 1
    settings.STATSD_CLIENT = "django_metrics_statsd.monitoring.client"
    yield statsd.client
    statsd.close()
    connections["stats"].close()


def stored(name: str, figure: str = "sum") -> float | None:
    now = time.time()
    return total(name, now - HOUR, now + 120, figure)


def test_decimals_are_times_and_what_is_no_number_stops_nobody(client: Any) -> None:
    statsd.timing("took", Decimal("12.5"))  # type: ignore[arg-type]
    statsd.timing("took", Decimal("NaN"))  # type: ignore[arg-type]
    statsd.incr("hits")
    assert statsd.flush(10)
    assert (stored("took"), stored("hits")) == (12.5, 1)
    assert client.counts.dropped == {"value": 1}


def test_what_was_dropped_is_told_even_where_there_is_no_room_for_names(client: Any, settings: Any) -> None:
    settings.MONITORING_STATS_NAMES = 10
    for number in range(10):
        statsd.incr(f"steady.{number}")
    assert statsd.flush(10)
    statsd.client._window = statsd.client._new_window()  # type: ignore[attr-defined] # with the new setting
    for _ in range(3):
        for number in range(5):
            statsd.incr(f"flood.{number}")
        assert statsd.flush(10)
    told = stored("django_metrics_statsd.dropped.names")  # of the third, the next one tells
    assert told == pytest.approx(10, abs=1)  # it is by shares that a window's drops are counted


def test_a_child_does_not_tell_what_its_parent_has_dropped(client: Any) -> None:
    client.counts.drop("series", 10)
    client.reset()  # as in a forked child
    assert client._report(client._window) == {"series": 0}


def test_a_row_that_was_cut_short_is_left_out_and_holds_nothing_up(kept: Any, faults: dict[str, int]) -> None:
    start = hour_ago()
    write(*(batch(start + 10 * number, ("c", "x", 2**number)) for number in range(3)))
    row = StoredWindow.objects.using("stats").order_by("start").first()
    assert row is not None
    StoredWindow.objects.using("stats").filter(pk=row.pk).update(data=bytes(row.data)[:10])
    assert total("x", start, start + 60) == 6
    roll()
    assert total("x", start, start + 60) == 6
    assert set(faults) == {"monitoring.stats.blob"}


def test_a_pattern_of_many_stars_is_quick() -> None:
    matches = patterns.matcher("*a" * 9 + "*b")
    began = time.thread_time()
    assert not matches("a" * 2_000)
    assert time.thread_time() - began < 1
    for pattern, yes, no in (
        ("view.*.GET", "view.shop.GET", "view.shop.POST"),
        ("a*a", "aa", "a"),
        ("*x*", "axb", "ab"),
        ("a*b*c", "a1b2c", "a1c2b"),
    ):
        assert patterns.matcher(pattern)(yes)
        assert not patterns.matcher(pattern)(no)


class Lock(threading.Thread):
    """Somebody else who holds the table, as a change of it would."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.held = seconds, threading.Event()

    def run(self) -> None:
        connection = connections["stats"].copy()
        begin, end = {
            "postgresql": ("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", "ROLLBACK"),
            "mysql": ("LOCK TABLES {} WRITE", "UNLOCK TABLES"),
            "sqlite": ("BEGIN EXCLUSIVE", "ROLLBACK"),
        }[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(begin.format(StoredWindow._meta.db_table))
            self.held.set()
            time.sleep(self.seconds)
            cursor.execute(end)
        connection.close()


@pytest.mark.parametrize("tidying", [False, True])
def test_nobody_waits_long_for_a_table_that_somebody_else_holds(client: Any, tidying: bool) -> None:
    statsd.incr("hits")
    assert statsd.flush(10)
    lock = Lock(12)
    lock.start()
    assert lock.held.wait(10)
    try:
        if tidying:
            client._keeper._next = 0.0
            client._worker.wake()
            wait_until(lambda: client._tidying or client._writing.locked(), "the thread to be at it")
        statsd.incr("hits")
        for call in (lambda: statsd.flush(0.5), client.tick):
            began = time.monotonic()
            call()
            assert time.monotonic() - began < 6
        client._overdue = 0.0
        began = time.monotonic()
        client.tick()  # as in a request that comes when nobody has written for long
        assert time.monotonic() - began < 6
    finally:
        lock.join()
    wait_until(lambda: statsd.flush(10), "the windows to go in after all", 30)
    assert stored("hits") == 2
