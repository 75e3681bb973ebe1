from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.clients.dialects import Dialect
from django_metrics_statsd.clients.packets import lines_of
from django_metrics_statsd.clients.pending import Pending
from django_metrics_statsd.clients.window import MOST_SERIES, MOST_VALUES, Window


class Drops(Counter[str]):
    def __call__(self, reason: str, count: int = 1) -> None:
        self[reason] += count


def fold(*stats: tuple[Any, ...], reservoir: int = 1_000) -> tuple[Window, Drops]:
    drops = Drops()
    window = Window(reservoir, drops)
    pending = Pending(lambda fold: False, lambda reason: None)
    for kind, *rest in stats:
        if kind == "c":
            pending.incr(*rest)
        elif kind == "ms":
            pending.timing(*rest)
        else:
            pending.record(kind, *rest)
    pending.fold_into(window)
    return window, drops


def test_counters_are_summed() -> None:
    window, drops = fold(
        *[("c", "a", each, 1, None) for each in (1, 2, -4, 1.5)], ("c", "b", Decimal("0.5"), 1, None)
    )
    assert window.counters == {"a": 0.5, "b": 0.5}
    assert (window.taken, dict(drops)) == (5, {})


def test_the_last_gauge_stays_and_steps_go_on_from_it() -> None:
    steps = [("g", 5), ("g", 7), ("g+", 2), ("g+", -3)]
    window, _ = fold(*[(kind, "a", value, 1, None) for kind, value in steps])
    assert (window.gauges, window.steps) == ({"a": 6}, {})


def test_steps_without_a_gauge_are_summed_until_it_is_set() -> None:
    window, _ = fold(("g+", "a", 2, 1, None), ("g+", "a", -5, 1, None), ("g+", "b", 1, 1, None))
    assert window.steps == {"a": -3, "b": 1}
    window.fold_one(("g", "a", 9, 1, None))
    assert (window.gauges, window.steps) == ({"a": 9}, {"b": 1})


def test_sets_are_united() -> None:
    window, _ = fold(*[("s", "a", each, 1, None) for each in ("x", "y", "x", 3)])
    assert window.sets == {"a": {"x", "y", "3"}}
    assert (window.taken, window.values) == (4, 3)


def test_timers_keep_their_values() -> None:
    window, _ = fold(*[("ms", "a", each, 1, None) for each in (1, 2.5, timedelta(seconds=1), Decimal(4))])
    assert window.timers == {"a": [1, 2.5, 1000.0, 4.0]}


def test_rates_and_tags_make_series_of_their_own() -> None:
    window, _ = fold(
        ("c", "a", 1, 1, None),
        ("c", "a", 1, 1, {"x": 1}),
        ("c", "a", 1, 1, (("x", "1"),)),
        ("c", "a", 1, 1, {}),
    )
    assert window.counters == {"a": 2, ("a", 1, (("x", "1"),)): 2}


@pytest.mark.parametrize(
    ("stat", "reason"),
    [
        (("c", None, 1, 1, None), "name"),
        (("c", "", 1, 1, None), "name"),
        (("c", b"a", 1, 1, None), "name"),
        (("c", ["a"], 1, 1, None), "name"),
        (("ms", ["a"], 1.0, 1, None), "name"),
        (("c", "a", None, 1, None), "value"),
        (("c", "a", "1", 1, None), "value"),
        (("c", "a", float("nan"), 1, None), "value"),
        (("c", "a", 10**400, 1, None), "value"),
        (("c", "a", timedelta(1), 1, None), "value"),
        (("ms", "a", -1, 1, None), "value"),
        (("ms", "a", -1.0, 1, None), "value"),
        (("ms", "a", 1e10, 1, None), "value"),
        (("ms", "a", timedelta(days=-1), 1, None), "value"),
        (("g", "a", float("inf"), 1, None), "value"),
        (("s", "a", None, 1, None), "value"),
        (("s", "a", "", 1, None), "value"),
        (("c", "a", 1, None, None), "rate"),
        (("c", "a", 1, -1, None), "rate"),
        (("c", "a", 1, float("nan"), None), "rate"),
        (("c", "a", 1, "1", None), "rate"),
        (("?", "a", 1, 1, None), "value"),
    ],
)
def test_what_cannot_be_sent_is_dropped_for_a_reason(stat: tuple[Any, ...], reason: str) -> None:
    window, drops = fold(stat, ("c", "fine", 1, 1, None))
    assert drops == {reason: 1}
    assert window.counters == {"fine": 1}
    assert (window.series, window.taken) == (1, 1)


class Unwilling:
    """Fails whatever it is asked."""

    def _no(self, *args: Any) -> Any:
        raise RuntimeError("no")

    __eq__ = __hash__ = __str__ = __float__ = __neg__ = __lt__ = __gt__ = __bool__ = _no  # type: ignore[assignment]


class Name(str):
    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError("no")


@pytest.mark.parametrize("place", range(1, 5))
@pytest.mark.parametrize("kind", ["c", "ms", "g", "g+", "s"])
def test_objects_that_raise_do_not_keep_the_others_from_being_folded(
    kind: str, place: int, faults: dict[str, int]
) -> None:
    stat: list[Any] = [kind, "a", 1.0, 1, None]
    stat[place] = Unwilling()
    window, drops = fold(("c", "fine", 1, 1, None), tuple(stat), ("c", "fine", 1, 1, None))
    assert window.counters["fine"] == 2
    assert window.taken + sum(drops.values()) == 3


def test_a_name_that_cannot_be_hashed_is_dropped() -> None:
    window, drops = fold(("c", Name("a"), 1, 1, None), ("c", "fine", 1, 1, None))
    assert window.counters == {"fine": 1}
    assert sum(drops.values()) == 1


class Level(IntEnum):
    LOW = 3


@pytest.mark.parametrize(
    ("value", "rate"),
    [(Fraction(1, 2), 1), (Level.LOW, 1), (True, 1), (1, Fraction(99, 100)), (1, Decimal("0.99"))],
)
def test_every_kind_of_number_can_be_written(value: Any, rate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_metrics_statsd.clients.window.random", lambda: 0.0)
    window, drops = fold(*[(kind, f"of_{kind}", value, rate, None) for kind in ("c", "ms", "g", "g+", "s")])
    assert len(list(lines_of(window, Dialect(), 1432, drops))) == 5
    assert not drops


def test_rate_0_sends_nothing_and_is_no_mistake() -> None:
    window, drops = fold(("c", "a", 1, 0, None))
    assert (window.series, dict(drops)) == (0, {})


def test_a_rate_is_the_share_that_is_taken() -> None:
    window, drops = fold(*[("c", "a", 1, 0.25, None)] * 4_000)
    assert 800 < window.counters["a", 0.25, ()] < 1_200
    assert not drops


@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=300), st.integers(1, 50))
def test_a_reservoir_keeps_a_bounded_sample_of_what_it_saw(values: list[float], room: int) -> None:
    window, drops = fold(*[("ms", "a", each, 1, None) for each in values], reservoir=room)
    kept = window.timers["a"]
    assert len(kept) == min(room, len(values))
    assert Counter(kept) <= Counter(values)
    assert (window.taken, sum(drops.values())) == (len(values), 0)


def test_the_sample_is_fair() -> None:
    """A value that came late has the same chance as one that came early."""
    late = sum(
        sum(
            value >= 50
            for value in fold(*[("ms", "a", float(i), 1, None) for i in range(100)], reservoir=10)[0].timers[
                "a"
            ]
        )
        for _ in range(200)
    )
    assert 850 < late < 1_150  # of 2,000; the standard deviation is 21


def test_past_the_most_series_new_ones_are_dropped_and_old_ones_go_on() -> None:
    window, drops = fold(*[("c", f"n{each}", 1, 1, None) for each in range(MOST_SERIES + 10)])
    assert window.full
    assert (window.series, dict(drops)) == (MOST_SERIES, {"series": 10})
    for kind in ("ms", "g", "g+", "s"):
        window.fold_one((kind, "new", 1, 1, None))
    pending = Pending(lambda fold: False, lambda reason: None)
    pending.timing("new", 1.0)
    pending.fold_into(window)
    assert drops["series"] == 15
    window.fold_one(("c", "n0", 1, 1, None))
    assert window.counters["n0"] == 2


def test_past_the_most_values_timers_are_sampled_and_new_timers_dropped() -> None:
    window, drops = fold(*[("ms", "a", 1.0, 1, None)] * (MOST_VALUES), reservoir=10**6)
    assert window.full
    window.fold_one(("ms", "a", 2.0, 1, None))
    window.fold_one(("ms", "b", 2.0, 1, None))
    window.fold_one(("s", "c", "x", 1, None))
    assert window.values <= MOST_VALUES + 1
    assert drops == {"series": 2}


def test_a_window_that_dropped_a_timer_is_still_written() -> None:
    window, drops = fold(*[("ms", "a", 1.0, 1, None)] * (MOST_VALUES), reservoir=10**6)
    window.fold_one(("ms", "b", 2.0, 1, None))
    assert len(list(lines_of(window, Dialect(multi=True), 1432, drops))) > 1
