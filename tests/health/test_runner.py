"""Checks run side by side, within their limits, and once for all who ask."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.health import flights, runner
from django_metrics_statsd.health.checks import Check, FunctionCheck
from django_metrics_statsd.health.results import Report, Result, State
from tests.health import samples
from tests.services.harness import wait_until


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Lets the sample that hangs go on, at the end of the test at the latest."""
    samples.gate.clear()
    yield samples.gate
    samples.gate.set()
    for thread in threading.enumerate():
        if thread.name.startswith("health"):
            thread.join(5)


def states(report: Report) -> dict[str, str]:
    return {result.name: str(result.state) for result in report.results}


def function(name: str) -> FunctionCheck:
    return FunctionCheck(getattr(samples, name))


def test_checks_run_side_by_side(settings: Any) -> None:
    """Each goes on when all have come; one after the other, none would."""
    settings.WATCHMAN_TIMEOUT = settings.WATCHMAN_DEADLINE = 30.0
    meeting = threading.Barrier(8)

    class Meets(Check):
        def run(self) -> None:
            meeting.wait(20)
            time.sleep(0.3)

    report = runner.run([Meets(name=f"meets{number}") for number in range(8)])
    assert set(states(report).values()) == {"ok"}
    assert all(result.duration_ms >= 300 for result in report.results)


def test_results_come_in_the_order_of_the_checks() -> None:
    report = runner.run([samples.Slow(seconds=0.1), function("my_check"), samples.Doors()])
    assert [result.name for result in report.results] == ["slow", "x", "doors.front", "doors.back"]


def test_a_late_check_says_so_while_the_others_report(gate: Any) -> None:
    late = FunctionCheck(samples.hangs, timeout=0.2)
    report = runner.run([late, function("my_check")])
    assert states(report) == {"hangs": "timeout", "x": "ok"}
    (first, _) = report.results
    assert first.message == "No answer within 0.2 s."
    assert first.duration_ms >= 200
    assert not report.good


def test_what_hangs_is_not_begun_again_before_it_came_back(gate: Any) -> None:
    late, before = FunctionCheck(samples.hangs, timeout=0.1), samples.runs.get("hangs", 0)
    took = []
    for _ in range(5):
        start = time.monotonic()
        assert states(runner.run([late])) == {"hangs": "timeout"}
        took.append(time.monotonic() - start)
    assert min(took[1:]) < 0.1  # nobody waits for it any more
    assert samples.runs["hangs"] == before + 1
    assert [thread.name for thread in threading.enumerate()].count("health hangs") == 1
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "health hangs":
            thread.join(5)
    late.timeout = 20.0
    assert states(runner.run([late])) == {"hangs": "ok"}


def test_a_coroutine_is_cancelled_at_its_limit() -> None:
    report = runner.run([FunctionCheck(samples.dozes, timeout=0.2)])
    assert states(report) == {"dozes": "timeout"}


def test_there_is_one_deadline_for_all(settings: Any, gate: Any) -> None:
    settings.WATCHMAN_DEADLINE = 2.0
    start = time.monotonic()
    report = runner.run([FunctionCheck(samples.hangs, timeout=20.0), samples.Slow(seconds=0.01)])
    assert time.monotonic() - start < 10
    assert states(report) == {"hangs": "timeout", "slow": "ok"}


def test_the_limit_comes_from_the_settings(settings: Any, gate: Any) -> None:
    settings.WATCHMAN_TIMEOUT = 0.1
    assert states(runner.run([function("hangs")])) == {"hangs": "timeout"}


def test_results_are_shared_for_some_seconds(settings: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 60
    check, before = samples.Slow(seconds=0.01), samples.runs.get("slow", 0)
    reports = [runner.run([check]) for _ in range(50)]
    assert samples.runs["slow"] == before + 1
    assert len({report.results[0].at for report in reports}) == 1
    runner.run([check], fresh=True)
    assert samples.runs["slow"] == before + 2


def test_results_are_old_at_last(settings: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 0.05
    check, before = samples.Slow(seconds=0.01), samples.runs.get("slow", 0)
    runner.run([check])
    time.sleep(0.06)
    runner.run([check])
    assert samples.runs["slow"] == before + 2


@pytest.mark.parametrize("window", [0, 60])
def test_a_storm_runs_a_check_once(
    settings: Any, window: float, gate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WATCHMAN_CACHE_SECONDS = window
    settings.WATCHMAN_DEADLINE = 30.0
    check, before = FunctionCheck(samples.hangs, timeout=30.0), samples.runs.get("hangs", 0)
    asked: list[Any] = []
    ask = runner.shared.ask

    def noted(*what: Any, **how: Any) -> Any:
        answer = ask(*what, **how)
        asked.append(answer)
        return answer

    monkeypatch.setattr(runner.shared, "ask", noted)
    found: list[Report] = []
    threads = [threading.Thread(target=lambda: found.append(runner.run([check]))) for _ in range(40)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(asked) == 40, "all to have asked", 20)
    gate.set()
    for thread in threads:
        thread.join()
    assert {str(report.state) for report in found} == {"ok"}
    assert len(found) == 40
    assert samples.runs["hangs"] == before + 1


def test_while_the_first_waits_the_others_get_the_last_result(settings: Any, gate: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 0.2
    check = FunctionCheck(samples.hangs, timeout=20.0)
    gate.set()
    assert states(runner.run([check])) == {"hangs": "ok"}
    gate.clear()
    time.sleep(0.21)
    first = threading.Thread(target=runner.run, args=([check],))
    first.start()
    while not runner.shared._flights:
        time.sleep(0.001)
    start = time.monotonic()
    assert states(runner.run([check])) == {"hangs": "ok"}
    assert time.monotonic() - start < 5
    gate.set()
    first.join()


def test_async_callers_share_with_sync_ones(settings: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 60
    check, before = samples.Slow(), samples.runs.get("slow", 0)

    async def storm() -> list[Report]:
        return await asyncio.gather(*(runner.arun([check]) for _ in range(40)))

    assert {str(report.state) for report in asyncio.run(storm())} == {"ok"}
    assert runner.run([check]).good
    assert samples.runs["slow"] == before + 1


def test_an_async_caller_does_not_wait_for_ever(gate: Any) -> None:
    report = asyncio.run(runner.arun([FunctionCheck(samples.hangs, timeout=0.1), samples.Doors()]))
    assert states(report) == {"hangs": "timeout", "doors.front": "ok", "doors.back": "fail"}


def test_who_is_cancelled_leaves_the_run_to_the_others(settings: Any, gate: Any) -> None:
    settings.WATCHMAN_DEADLINE = 30.0
    check, before = FunctionCheck(samples.hangs, timeout=30.0), samples.runs.get("hangs", 0)

    async def leave_and_stay() -> Report:
        gone = asyncio.ensure_future(runner.arun([check]))
        await asyncio.to_thread(
            wait_until, lambda: samples.runs.get("hangs", 0) > before, "the first run", 20
        )
        gone.cancel()
        stays = asyncio.ensure_future(runner.arun([check]))
        await asyncio.sleep(0.05)
        gate.set()
        return await stays

    assert asyncio.run(leave_and_stay()).good
    assert samples.runs["hangs"] == before + 1


def test_a_check_may_end_its_thread() -> None:
    assert states(runner.run([function("leaves")])) == {"leaves": "fail"}


def test_a_check_without_parts_to_be_found_fails() -> None:
    (result,) = runner.run([samples.NoParts()]).results
    assert (result.state, result.message) == (State.FAIL, "no list of parts")


def test_a_class_without_run_fails_saying_so() -> None:
    class Nothing(Check):
        pass

    (result,) = runner.run([Nothing()]).results
    assert result.message == "Nothing has no run()"


def test_no_thread_is_left_when_all_is_done() -> None:
    before = threading.active_count()
    for _ in range(20):
        runner.run([samples.Level(), samples.Doors(), function("gently")])
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.001)  # results are there a moment before their thread has ended
    assert threading.active_count() <= before


def test_async_callers_leave_nothing_at_what_hangs(gate: Any) -> None:
    late = FunctionCheck(samples.hangs, timeout=0.1)
    runner.run([late])
    (flight,) = runner.shared._flights.values()

    async def storm() -> None:
        for _ in range(200):
            assert not (await runner.arun([late])).good

    asyncio.run(storm())
    assert len(flight.future._done_callbacks) == 0


def test_what_hangs_for_long_is_given_up_and_tried_anew(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that a network has forgotten never comes back; the service may have, long ago."""
    monkeypatch.setattr(flights, "GIVE_UP", 0.1)
    late, before = FunctionCheck(samples.hangs, timeout=0.05), samples.runs.get("hangs", 0)
    for tries in range(1, 4):
        deadline = time.monotonic() + 20
        while samples.runs.get("hangs", 0) < before + tries and time.monotonic() < deadline:
            assert states(runner.run([late])) == {"hangs": "timeout"}
            time.sleep(0.01)
        assert samples.runs["hangs"] == before + tries
    gate.set()
    while [each for each in threading.enumerate() if each.name == "health hangs"]:
        time.sleep(0.01)
    late.timeout = 20.0
    assert states(runner.run([late])) == {"hangs": "ok"}
    assert not any(runner.shared._given_up.values())


def test_no_more_than_a_few_runs_are_given_up(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flights, "GIVE_UP", 0.0)
    monkeypatch.setattr(flights, "MOST_GIVEN_UP", 3)
    late, before = FunctionCheck(samples.hangs, timeout=0.01), samples.runs.get("hangs", 0)

    def begun() -> int:
        runner.run([late])
        return samples.runs.get("hangs", 0) - before

    wait_until(lambda: begun() == 4, "all that may be given up", 20)
    assert [begun() for _ in range(5)] == [4] * 5


def test_what_began_before_a_setting_changed_is_not_kept(gate: Any, settings: Any) -> None:
    settings.WATCHMAN_CACHE_SECONDS = 60
    late, before = FunctionCheck(samples.hangs, timeout=0.05), samples.runs.get("hangs", 0)
    runner.run([late])
    runner.shared.reset()
    gate.set()
    while [each for each in threading.enumerate() if each.name == "health hangs"]:
        time.sleep(0.01)
    assert not runner.shared._settled
    late.timeout = 20.0
    assert states(runner.run([late])) == {"hangs": "ok"}
    assert samples.runs["hangs"] == before + 2


@pytest.mark.parametrize("found", [[()], [("only",)], 7, [("a", None)]])
def test_parts_that_are_none_fail(found: Any) -> None:
    class Odd(Check):
        def parts(self) -> Any:
            return found

    assert not runner.run([Odd()]).good


def test_a_check_that_exits_while_its_parts_are_found_fails() -> None:
    class Leaves(Check):
        def parts(self) -> Any:
            raise SystemExit(3)

    assert not runner.run([Leaves()]).good


def test_a_check_that_reads_no_results_fails() -> None:
    class Odd(Check):
        def run(self) -> int:
            return 7

        def read(self, part: str, found: Any) -> Any:
            return [found]

    (result,) = runner.run([Odd()]).results
    assert "list of Result" in result.message


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_where_no_thread_can_start_the_check_fails_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def start(self: threading.Thread) -> None:
        raise error

    check = samples.Level()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        (result,) = runner.run([check]).results
        assert "No thread could be started" in result.message
    assert runner.run([check]).good


def test_a_check_may_ask_for_others() -> None:
    class Asks(Check):
        def run(self) -> dict[str, Any]:
            return {"good": runner.run([samples.Level(), samples.Slow(seconds=0.01)]).good}

    (result,) = runner.run([Asks()]).results
    assert result.details == {"good": True}


def test_a_report_is_as_grave_as_its_gravest_result() -> None:
    def report(*states: State) -> Report:
        return Report(tuple(Result("a", state=state) for state in states))

    assert report().state is State.OK
    assert report(State.SKIPPED).state is State.OK
    assert report(State.OK, State.WARN, State.SKIPPED).state is State.WARN
    assert report(State.WARN, State.TIMEOUT).state is State.TIMEOUT
    assert report(State.TIMEOUT, State.FAIL).state is State.FAIL
