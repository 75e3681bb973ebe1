from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.timer import Timer
from django_metrics_statsd.testing import Captured


def test_a_block_is_timed(stats: Captured) -> None:
    with statsd.timer("took", rate=1, tags={"a": "b"}) as timer:
        assert timer.ms is None
    assert timer.ms is not None
    assert timer.ms >= 0
    stats.assert_timing("took", timer.ms, tags={"a": "b"}, times=1)


def test_a_block_that_raises_is_timed(stats: Captured) -> None:
    with pytest.raises(ValueError), statsd.timer("took"):
        raise ValueError("no")
    stats.assert_timing("took", times=1)


def test_an_async_block_is_timed_while_it_waits(stats: Captured) -> None:
    async def main() -> float:
        async with statsd.timer("took") as timer:
            await asyncio.sleep(0.02)
        assert timer.ms is not None
        return timer.ms

    assert asyncio.run(main()) >= 19
    stats.assert_timing("took", times=1)


def test_a_function_keeps_its_name_and_value(stats: Captured) -> None:
    @statsd.timer("took")
    def double(number: int, *, more: int = 0) -> int:
        """Double it."""
        return 2 * number + more

    assert (double.__name__, double.__doc__) == ("double", "Double it.")
    assert double(2, more=1) == 5
    assert double(3) == 6
    stats.assert_timing("took", times=2)


def test_a_function_that_raises_is_timed(stats: Captured) -> None:
    @statsd.timer("took")
    def bad() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        bad()
    stats.assert_timing("took", times=1)


def awaited_ms(stats: Captured, function: Any) -> float:
    assert asyncio.run(function()) == "done"
    (record,) = stats.assert_timing("took", times=1)
    return float(record.value)


def test_a_coroutine_is_timed_until_it_is_done(stats: Captured) -> None:
    @statsd.timer("took")
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "done"

    assert asyncio.iscoroutinefunction(slow)
    assert awaited_ms(stats, slow) >= 19


def test_a_partial_of_a_coroutine_function_is_one_too(stats: Captured) -> None:
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert awaited_ms(stats, statsd.timer("took")(functools.partial(slow, 0.02))) >= 19


def test_an_object_whose_call_is_a_coroutine_function(stats: Captured) -> None:
    class Slow:
        async def __call__(self) -> str:
            await asyncio.sleep(0.02)
            return "done"

    assert awaited_ms(stats, statsd.timer("took")(Slow())) >= 19


def test_a_function_marked_as_coroutine_function(stats: Captured) -> None:
    async def inner() -> str:
        await asyncio.sleep(0.02)
        return "done"

    def slow() -> Any:
        return inner()

    assert awaited_ms(stats, statsd.timer("took")(markcoroutinefunction(slow))) >= 19


def test_a_generator_is_timed_until_it_is_exhausted(stats: Captured) -> None:
    @statsd.timer("took")
    def numbers() -> Iterator[int]:
        got = yield 1
        yield got
        return "end"  # type: ignore[return-value]

    running = numbers()
    assert next(running) == 1
    stats.assert_nothing()
    assert running.send(7) == 7  # type: ignore[attr-defined]
    with pytest.raises(StopIteration) as ended:
        next(running)
    assert ended.value.value == "end"
    stats.assert_timing("took", times=1)


def test_a_generator_that_is_left_early_is_timed(stats: Captured) -> None:
    @statsd.timer("took")
    def numbers() -> Iterator[int]:
        yield 1
        yield 2

    running = numbers()
    next(running)
    running.close()  # type: ignore[attr-defined]
    stats.assert_timing("took", times=1)


class Steps:
    """What happened inside an async generator."""

    def __init__(self) -> None:
        self.told: list[object] = []

    async def numbers(self) -> AsyncIterator[int]:
        try:
            self.told.append((yield 1))
            try:
                yield 2
            except KeyError as error:
                self.told.append(error)
                yield 3
        finally:
            self.told.append("closed")


def test_an_async_generator_gets_all_that_is_sent_and_thrown_to_it(stats: Captured) -> None:
    steps, error = Steps(), KeyError("thrown")

    async def main() -> list[Any]:
        running: Any = statsd.timer("took")(steps.numbers)()
        got = [await anext(running), await running.asend("sent"), await running.athrow(error)]
        stats.assert_nothing()
        with pytest.raises(StopAsyncIteration):
            await anext(running)
        return got

    assert asyncio.run(main()) == [1, 2, 3]
    assert steps.told == ["sent", error, "closed"]
    stats.assert_timing("took", times=1)


def test_an_async_generator_that_is_left_early_is_closed_and_timed(stats: Captured) -> None:
    steps = Steps()

    async def main() -> None:
        running: Any = statsd.timer("took")(steps.numbers)()
        await anext(running)
        await running.aclose()

    asyncio.run(main())
    assert steps.told == ["closed"]
    stats.assert_timing("took", times=1)


def test_an_async_generator_that_raises_is_timed(stats: Captured) -> None:
    @statsd.timer("took")
    async def bad() -> AsyncIterator[int]:
        yield 1
        raise ValueError("no")

    async def main() -> list[int]:
        return [each async for each in bad()]

    with pytest.raises(ValueError):
        asyncio.run(main())
    stats.assert_timing("took", times=1)


def test_calls_in_several_threads_have_a_timer_each(stats: Captured) -> None:
    barrier = threading.Barrier(4)

    @statsd.timer("took")
    def together() -> None:
        barrier.wait(5)

    threads = [threading.Thread(target=together) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats.assert_timing("took", times=4)


def test_what_is_no_function_cannot_be_timed() -> None:
    with pytest.raises(TypeError):
        statsd.timer("took")(3)  # type: ignore[arg-type]


def test_start_and_stop(stats: Captured) -> None:
    timer = statsd.timer("took").start()
    assert timer.stop(send=False) is timer
    stats.assert_nothing()
    timer.send()
    timer.start()
    timer.stop()
    stats.assert_timing("took", times=2)


def test_misuse_is_told_as_the_statsd_package_does() -> None:
    timer = Timer(statsd, "took")
    with pytest.raises(RuntimeError, match="not started"):
        timer.stop()
    with pytest.raises(RuntimeError, match="No data"):
        timer.send()
    timer.start().stop()
    with pytest.raises(RuntimeError, match="Already sent"):
        timer.send()
