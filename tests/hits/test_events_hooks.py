"""Hooks: modules of the site's that get each event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from django_metrics_statsd.hits.events import connecting, hooks, record_event
from django_metrics_statsd.hits.testing import Kept, capture_records
from tests.hits.shop.hooks import keeping
from tests.hits.shop.models import Book, Note

SHOP = "tests.hits.shop.hooks"
KEEPING = {"path": f"{SHOP}.keeping", "colour": "red"}
SPOILING = {"path": f"{SHOP}.spoiling"}


@pytest.fixture
def records() -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


@pytest.fixture
def kept() -> Iterator[list[Any]]:
    yield keeping.kept
    keeping.kept.clear()


def test_a_hook_gets_each_event_and_its_options_in_the_thread(records: Kept, kept: list[Any]) -> None:
    with override_settings(MQUEUE_HOOKS={"mine": KEEPING}):
        record_event("a", data={"b": [1]}, instance=Book(pk=1, title="Tea"))
        (record,) = records.settle()
    ((event, conf, thread),) = kept
    assert event == record
    assert event.data == {"b": [1]}
    assert conf == KEEPING
    assert thread == "django_metrics_statsd.hits"


def test_a_hook_that_fails_or_spoils_the_event_stops_nobody(
    records: Kept, kept: list[Any], faults: dict[str, int]
) -> None:
    with override_settings(MQUEUE_HOOKS={"bad": SPOILING, "good": KEEPING, "worse": SPOILING}):
        record_event("a", data={"b": 1})
        record_event("b")
        found: list[Any] = list(records.settle())
    assert [event.name for event in found] == ["a", "b"]
    assert [event.name for event, _, _ in kept] == ["a", "b"]
    assert (found[0].data, kept[0][0].data) == ({"b": 1}, {"b": 1})
    assert faults == {"hits.hooks.bad": 2, "hits.hooks.worse": 2}


def test_a_hook_that_cannot_be_had_stops_nobody(
    records: Kept, kept: list[Any], faults: dict[str, int]
) -> None:
    wrong = {name: {"path": f"{SHOP}.{name}"} for name in ("missing", "unimportable", "waiting")}
    with override_settings(MQUEUE_HOOKS={**wrong, "good": KEEPING}):
        record_event("a")
        record_event("b")
        assert len(records.settle()) == 2
    assert len(kept) == 2
    assert faults == {f"MQUEUE_HOOKS {name}": 1 for name in wrong}


@pytest.mark.parametrize("name", ["Book", "shop.Book"])
def test_events_of_some_models_go_to_the_hooks_alone(name: str, records: Kept, kept: list[Any]) -> None:
    with override_settings(MQUEUE_HOOKS={"mine": KEEPING}, MQUEUE_NOSAVE=[name, "Unknown"]):
        record_event("a", instance=Book(pk=1))
        record_event("b", instance=Note(pk=1))
        record_event("c", model=Book)
        record_event("d")
        found: list[Any] = list(records.settle())
    assert [event.name for event in found] == ["b", "d"]
    assert [event.name for event, _, _ in kept] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("path", hooks.REDIS_HOOKS)
def test_the_redis_hook_of_old_does_nothing_and_that_is_said(
    path: str, records: Kept, kept: list[Any]
) -> None:
    old = {"redis": {"path": path, "host": "localhost", "port": 6379, "db": 0}}
    with override_settings(MQUEUE_HOOKS={**old, "mine": KEEPING}):
        record_event("a")
        assert len(records.settle()) == 1
        assert list(connecting.problems()) == []
        ((message, hint),) = connecting.remarks()
    assert message == f"MQUEUE_HOOKS['redis'] has path {path!r}, which is not needed and not used."
    assert "WT_REDIS" in hint


def test_what_is_wrong_with_hooks_is_named() -> None:
    names = ("keeping", "missing", "unimportable", "waiting")
    wrong = {name: {"path": f"{SHOP}.{name}"} for name in names}
    with override_settings(MQUEUE_HOOKS={**wrong, "none": {"path": SHOP}}):
        found = dict(hooks.problems())
    messages = list(found)
    assert len(messages) == 4
    assert messages[0].startswith(
        f"MQUEUE_HOOKS['missing'] has path '{SHOP}.missing', which cannot be imported"
    )
    assert "fails with RuntimeError when imported" in messages[1]
    assert "has an asynchronous save" in messages[2]
    assert "has no function save(event, conf)" in messages[3]
    assert all("save(event, conf)" in hint for hint in found.values())


def test_without_hooks_there_is_nothing_to_say() -> None:
    assert list(connecting.problems()) == []
    assert list(connecting.remarks()) == []
