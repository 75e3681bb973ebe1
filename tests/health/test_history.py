"""When each check came into its state."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from django_metrics_statsd.health import keeping, recent, runner, telling
from django_metrics_statsd.health.history import Change, History, history
from django_metrics_statsd.health.models import StateChange
from django_metrics_statsd.health.results import Result, State
from tests.health import samples
from tests.services.harness import wait_until

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


def change(state: State, at: float = 0.0, name: str = "databases.default", message: str = "") -> Change:
    return Change(name, state, NOW + at, message)


def await_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("health"):
            thread.join(10)


def note(kept: History, state: State, at: float = 0.0) -> State | None:
    return kept.note(Result("databases", "default", state, at=NOW + at))


def test_only_changes_are_remembered() -> None:
    kept = History()
    assert [note(kept, state, at) for at, state in enumerate([State.OK, State.OK, State.FAIL])] == [
        None, State.OK, State.OK,
    ]  # fmt: skip
    seen = kept.seen(["databases.default", "caches"])
    assert [(each.state, each.at - NOW) for each in seen["databases.default"]] == [
        (State.FAIL, 2.0), (State.OK, 0.0),
    ]  # fmt: skip
    assert "caches" not in seen


def test_what_is_remembered_is_bounded() -> None:
    kept = History()
    for at in range(100):
        note(kept, State.OK if at % 2 else State.FAIL, at)
    assert len(kept.seen(["databases.default"])["databases.default"]) == 20
    for number in range(600):
        kept.note(Result(f"check{number}"))
    assert len(kept._seen) == 500


@pytest.mark.django_db
def test_a_change_is_written_once_for_all_processes() -> None:
    keeping.keep(change(State.FAIL), 100)
    keeping.keep(change(State.FAIL, 3), 100)
    keeping.keep(change(State.OK, 5), 100)
    keeping.keep(change(State.FAIL, 1), 100)  # another process was late to write
    assert list(StateChange.objects.values_list("state", flat=True)) == ["ok", "fail"]
    found = keeping.latest(["databases.default"], 1_000)["databases.default"]
    assert [each.at - NOW for each in found] == [5.0, 0.0]


@pytest.mark.django_db
def test_equal_states_in_a_row_are_shown_as_one() -> None:
    for at, state in ((0, "ok"), (1, "fail"), (2, "fail"), (3, "ok")):
        time = datetime.fromtimestamp(NOW + at, UTC)
        StateChange.objects.create(name="caches.default", state=state, at=time)
    found = keeping.latest(["caches.default"], 1_000)["caches.default"]
    assert [(each.state, each.at - NOW) for each in found] == [
        (State.OK, 3.0), (State.FAIL, 1.0), (State.OK, 0.0),
    ]  # fmt: skip


@pytest.mark.django_db
def test_old_changes_are_deleted() -> None:
    for at in range(12):
        keeping.keep(change(State.OK if at % 2 else State.FAIL, at), 5)
    keeping.keep(change(State.OK, name="caches.default"), 5)
    rows = StateChange.objects.filter(name="databases.default")
    assert [row.at.timestamp() - NOW for row in rows] == [11.0, 10.0, 9.0, 8.0, 7.0]


@pytest.mark.django_db(transaction=True)
def test_changes_are_written_by_a_thread_of_their_own(settings: Any) -> None:
    settings.WATCHMAN_HISTORY = 10
    for found in (5, 5, 0):
        runner.run([samples.Level(found=found)])
        await_threads()
    rows = StateChange.objects.order_by("at")
    assert list(rows.values_list("name", "state", "message")) == [
        ("level", "ok", ""), ("level", "fail", "empty"),
    ]  # fmt: skip
    assert not history._waiting
    assert [each.state for each in recent.changes(["level"])["level"]] == [State.FAIL, State.OK]
    await_threads()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_kept_holds_up_no_other(settings: Any, monkeypatch: Any, faults: Any) -> None:
    settings.WATCHMAN_HISTORY = 10
    keep = keeping.keep

    def picky(kept: Change, most: int) -> None:
        if kept.name == "odd":
            raise ValueError("a string cannot contain that")
        keep(kept, most)

    monkeypatch.setattr(keeping, "keep", picky)
    for name in ("odd", "level"):
        history.note(Result(name, state=State.FAIL, at=NOW))
    await_threads()
    assert list(StateChange.objects.values_list("name", flat=True)) == ["level"]
    assert not history._waiting
    assert faults["health.history"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_that_comes_at_the_last_moment_is_written(settings: Any, monkeypatch: Any) -> None:
    settings.WATCHMAN_HISTORY = 10
    keep, late = keeping.keep, [Result("second", state=State.FAIL, at=NOW)]

    def slow(kept: Change, most: int) -> None:
        keep(kept, most)
        if late:
            history.note(late.pop())

    monkeypatch.setattr(keeping, "keep", slow)
    history.note(Result("first", state=State.FAIL, at=NOW))
    await_threads()
    await_threads()
    assert set(StateChange.objects.values_list("name", flat=True)) == {"first", "second"}
    assert not history._writing


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_written_is_tried_again_without_another_change(
    settings: Any, monkeypatch: Any
) -> None:
    settings.WATCHMAN_HISTORY = 10
    keep, broken = keeping.keep, [True]

    def away(kept: Change, most: int) -> None:
        if broken:
            raise OperationalError("the database is away")
        keep(kept, most)

    monkeypatch.setattr(keeping, "keep", away)
    history.note(Result("level", state=State.FAIL, at=NOW))
    await_threads()
    assert history._waiting
    broken.clear()
    history.note(Result("level", state=State.FAIL, at=NOW + 5))
    await_threads()
    assert history._waiting  # not at every result
    history._again = 0.0
    history.note(Result("level", state=State.FAIL, at=NOW + 15))
    await_threads()
    assert StateChange.objects.count() == 1


@pytest.mark.django_db
def test_names_and_messages_are_made_to_fit() -> None:
    keeping.keep(change(State.FAIL, name="n" * 300, message="nul \0 byte"), 10)
    row = StateChange.objects.get()
    assert (len(row.name), row.message) == (200, "nul  byte")


def test_without_a_table_the_process_remembers(settings: Any) -> None:
    settings.WATCHMAN_HISTORY = 10
    settings.WATCHMAN_CACHE_SECONDS = 60
    runner.run([samples.Level(found=0)])
    found = recent.changes(["level", "never"])
    assert [each.state for each in found["level"]] == [State.FAIL]
    assert found["never"] == []
    await_threads()


def test_what_waits_to_be_written_goes_before_what_is_written() -> None:
    kept = [change(State.FAIL, 5), change(State.OK, 0)]
    seen = [change(State.OK, 9), change(State.FAIL, 5), change(State.OK, 0)]
    assert [each.at - NOW for each in recent._joined(kept, seen)] == [9.0, 5.0, 0.0]
    assert recent._joined(kept, []) == kept
    assert recent._joined([], seen) == seen


def test_a_process_that_saw_the_same_state_later_adds_nothing() -> None:
    kept = [change(State.FAIL, 5), change(State.OK, 0)]
    assert recent._joined(kept, [change(State.FAIL, 7)]) == kept


@pytest.mark.django_db
def test_a_row_says_what_it_is() -> None:
    row = StateChange(name="caches", state="ok", at=datetime.now(UTC) - timedelta(days=1))
    assert str(row) == "caches: ok"


@pytest.mark.django_db
def test_two_processes_that_see_the_same_change_write_one_row() -> None:
    keeping.keep(change(State.FAIL, 10.0), 100)
    keeping.keep(change(State.FAIL, 9.9), 100)
    assert [row.at.timestamp() - NOW for row in StateChange.objects.all()] == [pytest.approx(9.9)]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_without_time_zones_changes_are_kept_too(settings: Any, zone: str) -> None:
    settings.USE_TZ, settings.TIME_ZONE = False, zone
    keeping.keep(change(State.FAIL), 100)
    keeping.keep(change(State.OK, 60), 100)
    found = keeping.latest(["databases.default"], 10)["databases.default"]
    assert [each.at - NOW for each in found] == [60.0, 0.0]


@pytest.mark.django_db
def test_one_check_that_changes_often_does_not_hide_the_others(settings: Any) -> None:
    settings.WATCHMAN_HISTORY = 10_000
    keeping.keep(change(State.FAIL), 10_000)
    for at in range(200):
        keeping.keep(change(State.OK if at % 2 else State.FAIL, at, "caches.default"), 10_000)
    found = keeping.latest(["databases.default", "caches.default", "none"], 50)
    assert {name: len(changes) for name, changes in found.items()} == {
        "databases.default": 1, "caches.default": 50, "none": 0,
    }  # fmt: skip


def test_what_is_of_one_process_alone_is_not_in_the_table(settings: Any) -> None:
    settings.WATCHMAN_HISTORY = 100
    kept = History()
    kept.note(Result("statsd", state=State.WARN, at=NOW, local=True))
    assert not kept._waiting
    assert [each.state for each in kept.seen(["statsd"])["statsd"]] == [State.WARN]


def test_a_write_that_hangs_is_given_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WATCHMAN_HISTORY = 100
    hangs, kept, written = threading.Event(), History(), []

    def keep(change: Change, most: int) -> None:
        if not written:
            written.append("hangs")
            hangs.wait(20)
        written.append(str(change.state))

    monkeypatch.setattr(keeping, "keep", keep)
    note(kept, State.OK)
    wait_until(lambda: written, "the first write")
    note(kept, State.FAIL, 1)
    assert written == ["hangs"]
    kept._since -= 61
    note(kept, State.FAIL, 2)
    wait_until(lambda: "fail" in written, "another thread")
    hangs.set()
    await_threads()
    assert not kept._waiting


def test_every_change_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "django_metrics_statsd.health")
    states = [State.OK, State.WARN, State.OK, State.SKIPPED, State.FAIL, State.TIMEOUT, State.OK]
    for at, state in enumerate(states):
        telling.tell([Result("shelf", state=state, at=NOW + at, message="look")])
    assert [record.getMessage() for record in caplog.records] == [
        "shelf: warn. look", "shelf: ok again", "shelf: skipped", "shelf: fail. look",
        "shelf: timeout. look", "shelf: ok again",
    ]  # fmt: skip
