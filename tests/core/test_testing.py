from __future__ import annotations

import threading
from typing import Any

import pytest
from django.test import SimpleTestCase

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.testing import ANY, Captured, StatsdTestMixin, capture, describe


def emit() -> None:
    statsd.incr("orders", 2, tags={"shop": "north", "kind": "book"})
    statsd.decr("stock")
    statsd.timing("total", 12.5, rate=0.5)
    statsd.gauge("level", 7)
    statsd.gauge("level", -1, delta=True)
    statsd.set("users", "ann")


@pytest.fixture
def emitted() -> Captured:
    with capture() as captured:
        emit()
    return captured


def test_what_is_emitted_is_recorded_in_order(emitted: Captured) -> None:
    assert [record.stat for record in emitted] == ["orders", "stock", "total", "level", "level", "users"]
    assert len(emitted) == 6
    statsd.incr("afterwards")
    assert len(emitted) == 6


def test_assertions_that_hold(emitted: Captured) -> None:
    emitted.assert_incr("orders")
    emitted.assert_incr("orders", 2, rate=1, tags={"shop": "north"}, times=1)
    emitted.assert_incr("orders", tags=["shop:north", "kind:book"])
    emitted.assert_incr("orders", tags={"shop": ANY})
    emitted.assert_incr("stock", -1, tags={})
    emitted.assert_incr("stock", -1, tags=None)
    emitted.assert_incr("nothing", times=0)
    emitted.assert_timing("total", 12.5, rate=0.5)
    emitted.assert_gauge("level", 7, times=1)
    emitted.assert_gauge("level", -1, delta=True, times=1)
    emitted.assert_set("users", "ann")
    emitted.assert_not("nothing")
    (record,) = emitted.assert_timing("total", pytest.approx(12.5))
    assert record.value == 12.5


WRONG: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "name": ("assert_incr", ("order",), {}),
    "kind": ("assert_gauge", ("orders",), {}),
    "delta": ("assert_gauge", ("level", 7), {"delta": True}),
    "value": ("assert_incr", ("orders", 1), {}),
    "rate": ("assert_timing", ("total",), {"rate": 1}),
    "tag value": ("assert_incr", ("orders",), {"tags": {"shop": "south"}}),
    "tag name": ("assert_incr", ("orders",), {"tags": {"town": ANY}}),
    "no tags": ("assert_incr", ("orders",), {"tags": {}}),
    "more often": ("assert_incr", ("orders",), {"times": 2}),
    "never": ("assert_set", ("users",), {"times": 0}),
    "all together": ("assert_timing", ("total", 12.5), {"rate": 0.5, "tags": {"a": "b"}, "times": 1}),
    "not": ("assert_not", ("orders",), {}),
    "nothing": ("assert_nothing", (), {}),
}


@pytest.mark.parametrize(("method", "args", "kwargs"), WRONG.values(), ids=WRONG)
def test_assertions_that_do_not_hold_show_the_whole_list(
    method: str, args: Any, kwargs: Any, emitted: Captured
) -> None:
    with pytest.raises(AssertionError) as caught:
        getattr(emitted, method)(*args, **kwargs)
    for line in (
        "incr orders 2 tags={'shop': 'north', 'kind': 'book'}",
        "incr stock -1",
        "timing total 12.5 rate=0.5",
        "gauge level 7",
        "gauge delta level -1",
        "set users 'ann'",
    ):
        assert f"\n  {line}" in str(caught.value)


def test_a_failure_says_what_was_wanted(emitted: Captured) -> None:
    with pytest.raises(AssertionError) as caught:
        emitted.assert_incr("orders", 3, rate=0.5, tags={"a": "b"}, times=2)
    assert str(caught.value).startswith(
        "Expected 2 times, but found 0: incr orders 3 rate=0.5 tags={'a': 'b'}\nEmitted:\n"
    )
    with pytest.raises(AssertionError, match="Expected at least once, but found 0: set x ANY"):
        emitted.assert_set("x")


def test_when_nothing_was_emitted_that_is_said() -> None:
    with capture() as captured:
        pass
    captured.assert_nothing()
    assert str(captured) == "Nothing was emitted."


def test_clear(emitted: Captured) -> None:
    emitted.clear()
    emitted.assert_nothing()


def test_recorders_nest() -> None:
    with capture() as outer:
        statsd.incr("a")
        with capture() as inner:
            statsd.incr("b")
        statsd.incr("c")
    assert [record.stat for record in outer] == ["a", "b", "c"]
    assert [record.stat for record in inner] == ["b"]


def test_other_threads_are_recorded() -> None:
    with capture() as captured:
        thread = threading.Thread(target=emit)
        thread.start()
        thread.join()
    assert len(captured) == 6


def test_a_recorder_ends_when_its_block_raises() -> None:
    with pytest.raises(ValueError), capture() as captured:
        raise ValueError("no")
    statsd.incr("a")
    captured.assert_nothing()


def test_only_some() -> None:
    with capture(only=lambda record: record.kind == "ms") as captured:
        emit()
    assert [record.stat for record in captured] == ["total"]


def test_the_configured_client_still_gets_its_stats(wire: Any) -> None:
    with capture() as captured:
        statsd.incr("a")
    captured.assert_incr("a")
    assert wire.lines() == ["a:1|c"]


def test_any_is_equal_to_everything() -> None:
    assert ANY == 3
    assert ANY == None  # noqa: E711
    assert repr(ANY) == "ANY"


def test_an_unknown_kind_is_described_as_it_is(emitted: Captured) -> None:
    assert describe(emitted.records[0]._replace(kind="?", tags=None)) == "? orders 2"


class TestMixin(StatsdTestMixin, SimpleTestCase):
    """The mixin in a test case of Django's."""

    def test_one(self) -> None:
        statsd.incr("one")
        self.stats.assert_incr("one", times=1)
        assert len(self.stats) == 1

    def test_two(self) -> None:
        self.stats.assert_nothing()
