"""The numbers behind the panel: right over a minute, bounded, and drawn."""

from __future__ import annotations

import pytest

from example.shop import board as module
from example.shop.board import Board, history, percentile, points


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    now = [1_000]
    monkeypatch.setattr(module, "now_s", lambda: now[0])
    return now


def test_rates_are_over_the_last_minute_or_less(clock: list[int]) -> None:
    board = Board()
    for _ in range(30):
        board.add("c", "response.200", 1, 1)
    clock[0] += 10
    assert board.rows()[0]["rate"] == 3
    assert board.summary()["requests"] == 180
    clock[0] += 60
    assert board.rows()[0] | {"count": 30, "rate": 0} == board.rows()[0]


def test_a_sampled_stat_stands_for_more(clock: list[int]) -> None:
    board = Board()
    board.add("c", "clicks", 3, 0.1)
    board.add("ms", "wait", 20, 0.5)
    assert {row["name"]: row["count"] for row in board.rows()} == {"clicks": 30, "wait": 2}


def test_gauges_move_and_each_type_is_shown_its_way(clock: list[int]) -> None:
    board = Board()
    for kind, value in (("g", 5), ("g+", -2)):
        board.add(kind, "open", value, 1)
    board.add("ms", "quick", 1.234, 1)
    board.add("ms", "slow", 123.4, 1)
    board.add("s", "searches", "emma", 1)
    shown = {row["name"]: (row["type"], row["shown"]) for row in board.rows()}
    assert shown == {
        "open": ("gauge", "3"),
        "quick": ("timer", "1.23 ms"),
        "searches": ("set", "emma"),
        "slow": ("timer", "123 ms"),
    }


def test_the_summary_takes_each_request_once(clock: list[int]) -> None:
    board = Board()
    for stat in ("response.200", "response.auth.200", "response.503", "cache.locmem.hit"):
        board.add("c", stat, 1, 1)
    for stat in ("view.GET", "view.shop.views.front.GET"):
        board.add("ms", stat, 40.0, 1)
    board.add("c", "cache.locmem.miss", 3, 1)
    clock[0] += 60 - 1
    summary = board.summary()
    assert (summary["errors"], summary["p95"], summary["hits"]) == (1, 40.0, 25)
    assert summary["requests"] == 2


def test_nothing_seen_is_said_as_nothing(clock: list[int]) -> None:
    summary = Board().summary()
    assert (summary["requests"], summary["p95"], summary["hits"]) == (0, None, None)


def test_names_are_bounded_and_what_is_left_out_is_counted(clock: list[int]) -> None:
    board = Board()
    for number in range(module.LIMIT + 7):
        board.add("c", f"stat.{number}", 1, 1)
    assert len(board.rows()) == module.LIMIT
    assert board.left_out == 7


def test_a_long_run_keeps_a_minute(clock: list[int]) -> None:
    board = Board()
    for _ in range(1_000):
        clock[0] += 1
        board.add("c", "response.200", 1, 1)
    assert len(board._series["response.200"].seconds) == module.WINDOW
    assert board.rows()[0]["rate"] == 1


@pytest.mark.parametrize(
    ("values", "expected"), [([], None), ([3.0], 3.0), (range(1, 101), 95.0), ([1, 2, 3], 3.0)]
)
def test_percentile(values: list[float], expected: float | None) -> None:
    assert percentile(values, 0.95) == expected


def test_the_line_has_a_point_for_each_second_oldest_first(clock: list[int]) -> None:
    board = Board()
    board.add("c", "response.200", 4, 1)
    clock[0] += 1
    seconds = history(board._series.values(), clock[0])
    assert (len(seconds), seconds[-1], sum(seconds)) == (60, 4, 4)
    assert points([0, 2, 4]) == "0,20.0 1,10.0 2,0.0"
