"""Emitting and folding at the same time loses nothing and sees nothing twice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from django_metrics_statsd.clients import pending
from django_metrics_statsd.clients.pending import Pending
from django_metrics_statsd.clients.window import Window

CALLS, THREADS = 3_000, 4


@pytest.fixture
def impatient() -> Iterator[None]:
    """Let the interpreter change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def _emit(target: Pending) -> None:
    for number in range(CALLS):
        target.timing(f"name{number % 977}", 1.5)
        target.incr("ones")
        target.record("c", "others", 1, 1, None)


@pytest.mark.parametrize("most_names", [pending.MAX_NAMES, 10])
def test_every_stat_arrives_once(impatient: None, monkeypatch: pytest.MonkeyPatch, most_names: int) -> None:
    monkeypatch.setattr(pending, "MAX_NAMES", most_names)
    drops: list[str] = []
    window = Window(10**9, lambda reason, count=1: drops.append(reason))
    target = Pending(lambda fold: False, drops.append)
    threads = [threading.Thread(target=_emit, args=(target,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        target.fold_into(window)
    target.fold_into(window)
    target.fold_into(window)
    assert drops == []
    assert window.counters == {"ones": CALLS * THREADS, "others": CALLS * THREADS}
    assert sum(map(len, window.timers.values())) == CALLS * THREADS


def test_a_name_that_cannot_be_hashed_goes_the_long_way() -> None:
    drops: list[str] = []
    window = Window(10, lambda reason, count=1: drops.append(reason))
    target = Pending(lambda fold: False, drops.append)
    target.timing([], 1.0)
    target.incr([])
    target.fold_into(window)
    assert drops == ["name", "name"]


def test_a_full_list_loses_its_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "TIMES_LIMIT", 2)
    monkeypatch.setattr(pending, "PATIENCE", 2)
    drops: list[str] = []
    target = Pending(lambda fold: False, drops.append)
    for value in range(6):
        target.timing("t", float(value))
    window = Window(10, lambda reason, count=1: None)
    target.fold_into(window)
    assert window.timers == {"t": [0.0, 1.0, 2.0, 3.0]}
    assert drops == ["buffer_full"] * 2


def test_a_long_list_is_folded_by_its_caller_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "TIMES_LIMIT", 6)
    window = Window(10, lambda reason, count=1: None)

    def relieve(fold: pending.Fold) -> bool:
        fold(window)
        return True

    target = Pending(relieve, lambda reason: None)
    for name in "abb":
        target.timing(name, 1.0)
    for _ in range(4):
        target.timing("c", 2.0)
    assert window.timers == {"c": [2.0, 2.0, 2.0]}
