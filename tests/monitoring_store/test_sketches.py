"""Sketches and points: within 1 %, the bins of the package, and the same whichever way they are added."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ddsketch import DDSketch
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.monitoring.stats import blobs, points, sketches
from django_metrics_statsd.monitoring.stats.points import (
    MEMBERS,
    CounterPoint,
    GaugePoint,
    SetPoint,
    TimerPoint,
)

TIMES = st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=200)


def timer(values: list[float], weight: float = 1) -> TimerPoint:
    point = TimerPoint()
    point.take(values, weight)
    return point


def exact(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


@given(TIMES, st.floats(0, 1))
def test_a_quantile_is_within_one_percent(values: list[float], share: float) -> None:
    found = timer(values).quantile(share)
    assert found == pytest.approx(exact(values, share), rel=0.0100001, abs=1e-11)


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=100))
def test_the_bins_are_those_of_the_ddsketch_package(values: list[float]) -> None:
    theirs = DDSketch(sketches.ACCURACY)
    for value in values:
        theirs.add(value)
    ours = timer(values)
    for share in (0.01, 0.25, 0.5, 0.9, 0.99):
        expected = theirs.get_quantile_value(share)
        assert expected is not None
        clamped = min(max(expected, min(values)), max(values))
        assert ours.quantile(share) == pytest.approx(clamped, rel=1e-9) or ours.quantile(
            share
        ) == pytest.approx(exact(values, share), rel=0.0101)


@given(TIMES, TIMES)
def test_merged_sketches_are_the_sketch_of_all(some: list[float], others: list[float]) -> None:
    merged, both = timer(some), timer(some + others)
    merged.merge(timer(others))
    assert merged.bins == both.bins
    assert (merged.count, merged.low, merged.high) == (both.count, both.low, both.high)
    assert merged.total == pytest.approx(both.total)


@given(TIMES)
def test_a_timer_is_unpacked_as_it_was(values: list[float]) -> None:
    point = timer(values)
    again = points.unpack(points.pack(point))
    assert isinstance(again, TimerPoint)
    for name in TimerPoint.__slots__:
        assert getattr(again, name) == getattr(point, name)


@pytest.mark.parametrize("count", [1, 255, 256, 65_535, 65_536, 1 << 32, 0.5])
def test_numbers_of_any_size_are_packed(count: float) -> None:
    assert sketches.unpack(sketches.pack({-5: count, sketches.ZERO: 1})) == {-5: count, sketches.ZERO: 1}


def test_a_sampled_time_stands_for_several() -> None:
    point = timer([10.0, 20.0], 4)
    assert (point.count, point.total) == (8, 120)
    assert point.quantile(0.9) == pytest.approx(20, rel=0.01)


def test_nothing_has_no_quantile() -> None:
    assert [TimerPoint().quantile(share) for share in (0, 0.5, 1)] == [None] * 3


def test_counters_add_up() -> None:
    point = CounterPoint(2.5)
    point.merge(CounterPoint(-1))
    again = points.unpack(points.pack(point))
    assert isinstance(again, CounterPoint)
    assert again.total == 1.5


def gauge(*changes: tuple[str, float, float]) -> GaugePoint:
    point = GaugePoint()
    for what, value, at in changes:
        (point.set_to if what == "set" else point.step)(value, at)
    return point


@pytest.mark.parametrize(
    ("one", "other", "last", "steps"),
    [
        ([("set", 5, 1)], [("set", 7, 2)], 7, 0),
        ([("set", 5, 3)], [("set", 7, 2)], 5, 0),
        ([("set", 5, 1)], [("step", 2, 2)], 5, 2),
        ([("step", 1, 1)], [("step", 2, 2)], None, 3),
        ([("step", 1, 1)], [("set", 7, 2), ("step", 1, 3)], 7, 1),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_later_of_two_gauges_is_the_last(
    one: Any, other: Any, last: float | None, steps: float, turned: bool
) -> None:
    first, second = (gauge(*other), gauge(*one)) if turned else (gauge(*one), gauge(*other))
    again = points.unpack(points.pack(second))
    assert isinstance(again, GaugePoint)
    first.merge(again)
    assert (first.last, first.steps) == (last, steps)


def test_a_gauge_knows_its_ends() -> None:
    point = gauge(("set", 5, 1), ("set", -2, 2), ("set", 3, 3))
    assert (point.count, point.total, point.low, point.high, point.last) == (3, 6, -2, 5, 3)


def members(*ranges: range) -> SetPoint:
    point = SetPoint()
    for each in ranges:
        for number in each:
            point.take(f"user{number}")
    return point


def test_a_small_set_is_exact_whoever_saw_its_members() -> None:
    point = members(range(600))
    again = points.unpack(points.pack(members(range(300, 1_000))))
    assert isinstance(again, SetPoint)
    point.merge(again)
    assert point.distinct == 1_000


def test_a_large_set_is_estimated_and_takes_little_room() -> None:
    point = members(range(30_000))
    point.merge(members(range(20_000, 50_000)))
    assert point.distinct == pytest.approx(50_000, rel=0.1)
    assert len(point.pack()) == 4 * MEMBERS


@given(st.dictionaries(st.integers(0, (1 << 63) - 1), st.binary(max_size=50), max_size=50))
def test_a_blob_gives_back_each_part(entries: dict[int, bytes]) -> None:
    blob = blobs.Blob(memoryview(blobs.pack(entries)))
    assert dict(blob.items()) == entries
    assert all(blob.get(key) == part for key, part in entries.items())
    missing = random.Random(1).getrandbits(62)
    assert blob.get(missing) == entries.get(missing)
