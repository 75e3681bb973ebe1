from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.clients.dialects import Dialect
from django_metrics_statsd.clients.packets import lines_of, pack
from django_metrics_statsd.clients.window import Window

LINES = st.lists(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60), max_size=60
)


class Drops(Counter[str]):
    def __call__(self, reason: str, count: int = 1) -> None:
        self[reason] += count


def lines(window: Window, dialect: Dialect, drop: Any) -> list[str]:
    return [line for some in lines_of(window, dialect, 1432, drop) for line in some.split("\n")]


def written(*stats: tuple[Any, ...], dialect: Dialect | None = None, drop: Any = None) -> list[str]:
    drop = Drops() if drop is None else drop
    window = Window(1_000, drop)
    for stat in stats:
        window.fold_one(stat)
    return lines(window, dialect or Dialect(), drop)


@given(LINES, st.integers(1, 80))
def test_packets_hold_whole_lines_in_order_up_to_a_size_and_lose_none(
    given_lines: list[str], size: int
) -> None:
    drops = Drops()
    packets = list(pack(given_lines, size, drops))
    assert all(0 < len(packet) <= size for packet in packets)
    assert [line for packet in packets for line in packet.decode().split("\n")] == [
        line for line in given_lines if len(line) <= size
    ]
    assert drops["too_long"] == sum(len(line) > size for line in given_lines)


@given(LINES, st.integers(60, 200))
def test_packets_are_as_full_as_they_can_be(given_lines: list[str], size: int) -> None:
    packets = list(pack(given_lines, size, Drops()))
    for packet, following in pairwise(packets):
        assert len(packet) + 1 + len(following.split(b"\n")[0]) > size


def test_a_pair_of_lines_is_not_parted() -> None:
    pair = Dialect().gauge(("g", ""), -1)
    assert list(pack(["a" * 6, pair], 14, Drops())) == [b"a" * 6, b"g:0|g\ng:-1|g"]


def test_every_kind_has_its_line() -> None:
    assert written(
        ("c", "hits", 2, 1, None),
        ("c", "hits", 3, 1, None),
        ("g", "level", 7, 1, None),
        ("g+", "up", 2, 1, None),
        ("g+", "down", -2.5, 1, None),
        ("s", "users", "ann", 1, None),
        ("ms", "took", 12.5, 1, None),
    ) == ["hits:5|c", "level:7|g", "up:+2|g", "down:-2.5|g", "users:ann|s", "took:12.5|ms"]


def test_rates_are_written_where_there_are_any() -> None:
    found: set[str] = set()
    while len(found) < 2:
        found.update(written(("c", "hits", 1, 0.5, None), ("ms", "took", 1, 0.5, None)))
    assert found == {"hits:1|c|@0.5", "took:1|ms|@0.5"}


def test_what_has_no_name_is_dropped_and_counted() -> None:
    drops = Drops()
    assert written(("c", "...", 1, 1, None), ("c", "fine", 1, 1, None), drop=drops) == ["fine:1|c"]
    assert drops == {"name": 1}


def test_a_sample_carries_the_rate_at_which_it_was_taken() -> None:
    window = Window(10, Drops())
    for _ in range(40):
        window.fold_one(("ms", "took", 1.0, 1, None))
    assert lines(window, Dialect(), Drops()) == ["took:1|ms|@0.25"] * 10


def test_a_sample_of_a_sample_multiplies_the_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_metrics_statsd.clients.window.random", lambda: 0.0)
    window = Window(10, Drops())
    for _ in range(20):
        window.fold_one(("ms", "took", 1.0, 0.5, {"a": "b"}))
    assert lines(window, Dialect("datadog"), Drops()) == ["took:1|ms|@0.25|#a:b"] * 10
