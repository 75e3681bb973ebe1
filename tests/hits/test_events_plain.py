"""Data that JSON can hold, and code that may not ask the database."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.hits.events.plain import plain, text
from django_metrics_statsd.hits.events.quiet import QueryRefused, no_queries
from django_metrics_statsd.hits.records import DATA
from django_metrics_statsd.hits.road import road
from tests.core.hostile import Unwilling
from tests.hits.shop.models import Book


class Colour(str, Enum):  # noqa: UP042 - its str() is not its value
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Endless(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            yield str(number)
            number += 1

    def __len__(self) -> int:
        return 1


class Broken(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (None, {}),
        ({}, {}),
        (
            {"a": 1, "b": 1.5, "c": None, "d": True, "e": "x"},
            {"a": 1, "b": 1.5, "c": None, "d": True, "e": "x"},
        ),
        ([1, 2], {"value": [1, 2]}),
        ("text", {"value": "text"}),
        (0, {"value": 0}),
        ({"a": (1, [2, {3}])}, {"a": [1, [2, [3]]]}),
        (OrderedDict(a=OrderedDict(b=1)), {"a": {"b": 1}}),
        ({1: 1, None: 2, Colour.RED: 3}, {"1": 1, "None": 2, "red": 3}),
        ({"a": float("nan"), "b": float("inf")}, {"a": "nan", "b": "inf"}),
        ({"a": 2**63 - 1, "b": 2**63, "c": -(2**70)}, {"a": 2**63 - 1, "b": str(2**63), "c": str(-(2**70))}),
        ({"a": 10**5_000}, {"a": "<int>"}),
        ({"a": dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC)}, {"a": "2026-01-02T03:04:05.000006+00:00"}),
        ({"a": dt.date(2026, 1, 2), "b": dt.time(3, 4)}, {"a": "2026-01-02", "b": "03:04:00"}),
        ({"a": dt.timedelta(hours=1), "b": Decimal("1.50")}, {"a": "1:00:00", "b": "1.50"}),
        ({"a": UUID(int=1)}, {"a": "00000000-0000-0000-0000-000000000001"}),
        ({"a": lazystr("b"), "c": mark_safe("<b>")}, {"a": "b", "c": "<b>"}),
        ({"a": Colour.RED, "b": Size.LARGE}, {"a": "red", "b": 3}),
        ({"a": "x\0y\ud800"}, {"a": "x\N{REPLACEMENT CHARACTER}y?"}),
        ({"a": Unwilling()}, {"a": "<Unwilling>"}),
    ],
)
def test_data_becomes_plain(data: Any, found: dict[str, Any]) -> None:
    assert plain(data) == found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_it_is_json_can_hold_it_in_the_limit(data: Any) -> None:
    found = plain(data)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert len(msgspec.json.encode(found)) <= DATA


def test_deep_data_ends_in_dots() -> None:
    deep: dict[str, Any] = {}
    deep["again"] = deep
    found, depth = plain(deep), 0
    while found != "...":
        found, depth = found["again"], depth + 1
    assert depth == 8


@pytest.mark.parametrize(
    "data",
    [
        {"a": "x" * DATA},
        {"a": "\N{SNOWMAN}" * (DATA // 2)},
        ["x"] * DATA,
        {"a": [[0] * 100] * 100},
        Endless(),
        {"a": range(10**12), "b": list(range(DATA))},
    ],
)
def test_data_that_is_too_large_is_replaced_and_counted(data: Any) -> None:
    before = road.counts.dropped.get("event_data_too_large", 0)
    assert plain(data) == {"_dropped": "too large"}
    assert road.counts.dropped["event_data_too_large"] == before + 1


def test_data_of_just_the_limit_is_kept() -> None:
    data = {"a": "x" * (DATA - len('{"a":""}'))}
    assert plain(data) == data


def test_a_cycle_that_branches_does_not_take_for_ever() -> None:
    wide: list[Any] = []
    wide += [wide] * 50
    assert plain(wide) == {"_dropped": "too large"}


def test_data_that_cannot_be_read_is_replaced_and_counted() -> None:
    before = road.counts.dropped.get("event_data_unreadable", 0)
    assert plain({"a": Broken(a=1)}) == {"_dropped": "unreadable"}
    assert road.counts.dropped["event_data_unreadable"] == before + 1


@pytest.mark.parametrize(
    ("value", "found"), [(None, ""), (3, "3"), ("abcdef", "abcd"), (Unwilling(), "<Unw"), (lazystr("a"), "a")]
)
def test_texts(value: Any, found: str) -> None:
    assert text(value, 4) == found


@pytest.mark.django_db
def test_queries_are_refused_and_seen_by_nobody() -> None:
    with CaptureQueriesContext(connection) as queries:
        with no_queries(), no_queries():
            with pytest.raises(QueryRefused):
                list(Book.objects.all())
            with pytest.raises(QueryRefused):
                list(Book.objects.iterator())
    assert not queries.captured_queries
    assert not {"cursor", "chunked_cursor"} & set(vars(connections["default"]))
    assert list(Book.objects.all()) == []


@pytest.fixture
def shared() -> Iterator[Any]:
    """A connection that several threads may use, as in Django's live server tests."""
    connection.inc_thread_sharing()
    yield connections["default"]
    connection.dec_thread_sharing()


def in_a_thread(function: Callable[[], object]) -> None:
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
def test_other_threads_on_the_same_connection_go_on(shared: Any) -> None:
    found: list[Any] = []

    def work() -> None:
        connections["default"] = shared
        with no_queries(), pytest.raises(QueryRefused):
            shared.cursor()
        with shared.cursor() as cursor:
            cursor.execute("SELECT 1")
            found.append(cursor.fetchone()[0])

    with no_queries():
        in_a_thread(work)
        with pytest.raises(QueryRefused):
            shared.cursor()
    assert found == [1]
    assert "cursor" not in vars(shared)


def test_what_refuses_queries_already_goes_on_doing_so() -> None:
    """As Django's test cases do with databases that a test may not use."""
    own = vars(connections["default"])
    before = own.get("cursor")
    own["cursor"] = refusal = Broken()
    try:
        with no_queries():
            pass
        assert own["cursor"] is refusal
    finally:
        own.pop("cursor") if before is None else own.update(cursor=before)
