from __future__ import annotations

import asyncio
import contextvars
import inspect
import json
import threading
from time import perf_counter

import pytest

from django_metrics_statsd.metlog import MetlogClient
from django_metrics_statsd.metlog import timer as timer_module
from django_metrics_statsd.metlog.senders import DebugCaptureSender


def spend(seconds: float) -> None:
    threading.Event().wait(seconds)


def test_block(client, messages):
    with client.timer("block", "me", 5, {"a": 1}) as timing:
        assert timing.result is None
        spend(0.02)
    [message] = messages()
    assert (message["type"], message["logger"], message["severity"]) == ("timer", "me", 5)
    assert message["payload"] == str(timing.result)
    assert 20 <= timing.result < 2000
    assert message["fields"] == {"a": 1, "name": "block", "rate": 1.0}


def test_block_that_raises_is_recorded(client, messages):
    timer = client.timer("block")
    with pytest.raises(LookupError), timer:
        raise LookupError
    assert [message["fields"]["name"] for message in messages()] == ["block"]
    assert messages()[0]["payload"] == str(timer.result)


def test_decorated_function(client, messages):
    @client.timer("f")
    def add(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    assert (add(1), add(1, b=1)) == (3, 2)
    assert (add.__name__, add.__doc__) == ("add", "Add.")
    assert len(messages()) == 2


def test_decorated_function_that_raises(client, messages):
    @client.timer("f")
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert len(messages()) == 1


def test_decorated_method(client, messages):
    class Thing:
        @client.timer("method")
        def me(self) -> Thing:
            return self

    thing = Thing()
    assert thing.me() is thing
    assert len(messages()) == 1


def test_decorated_recursion(client, messages):
    @client.timer("f")
    def down(n: int) -> int:
        return 0 if n == 0 else down(n - 1)

    down(4)
    assert len(messages()) == 5


def test_coroutine_is_timed_to_its_end(client, messages):
    @client.timer("f")
    async def wait(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "done"

    assert inspect.iscoroutinefunction(wait)
    assert asyncio.run(wait(0.03)) == "done"
    assert int(messages()[0]["payload"]) >= 30


def test_generator_is_timed_to_its_end(client, messages):
    @client.timer("f")
    def count():
        got = yield 1
        spend(0.02)
        yield got
        return "end"

    generator = count()
    assert next(generator) == 1
    assert generator.send("sent") == "sent"
    assert not messages()
    with pytest.raises(StopIteration, match="end"):
        next(generator)
    assert int(messages()[0]["payload"]) >= 20


def test_async_block(client, messages):
    async def main() -> int | None:
        async with client.timer("block") as timing:
            await asyncio.sleep(0.01)
        return timing.result

    assert asyncio.run(main()) == int(messages()[0]["payload"])


def test_only_callables_can_be_decorated(client):
    with pytest.raises(ValueError, match="'text'"):
        client.timer("f")("text")


def test_cancelled_task_is_recorded(client, messages):
    async def main() -> None:
        @client.timer("f")
        async def wait() -> None:
            await asyncio.Event().wait()

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert len(messages()) == 1


def test_one_timer_shared_by_threads(client):
    """A block that begins while another thread's runs does not move that one's beginning."""
    timer = client.timer("shared")
    begun, ended = threading.Event(), threading.Event()
    results: list[int | None] = []

    def first() -> None:
        with timer as timing:
            begun.set()
            ended.wait(5)
        results.append(timing.result)

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(5)
    spend(0.05)
    with timer as second:
        pass
    ended.set()
    thread.join()
    assert results[0] >= 50
    assert second.result <= results[0] - 50 + 1
    assert len(client.sender.msgs) == 2


def test_one_timer_shared_by_tasks(client):
    timer = client.timer("shared")

    async def run(begun: asyncio.Event, go: asyncio.Event) -> int | None:
        with timer as timing:
            begun.set()
            await go.wait()
        return timing.result

    async def main() -> tuple[int | None, int | None]:
        begun, go = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(run(begun, go))
        await begun.wait()
        await asyncio.sleep(0.05)
        with timer as second:
            pass
        go.set()
        return await first, second.result

    first, second = asyncio.run(main())
    assert first >= 50
    assert second <= first - 50 + 1


def test_one_timer_nested_in_itself(client, messages):
    timer = client.timer("nested")
    with timer as outer:
        spend(0.02)
        with timer as inner:
            pass
    assert outer.result >= 20
    assert inner.result <= outer.result - 20 + 1
    assert len(messages()) == 2


def test_blocks_left_in_another_order(client, messages):
    first, second = client.timer("first"), client.timer("second")
    first.__enter__()
    second.__enter__()
    spend(0.01)
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert [message["fields"]["name"] for message in messages()] == ["first", "second"]
    assert all(int(message["payload"]) >= 10 for message in messages())


def test_child_task_inside_a_block_of_the_same_timer(client, messages):
    timer = client.timer("shared")

    async def main() -> None:
        with timer:
            async with asyncio.TaskGroup() as group:
                group.create_task(child())

    async def child() -> None:
        with timer:
            await asyncio.sleep(0)

    asyncio.run(main())
    assert len(messages()) == 2


def test_block_left_in_another_context(client, messages):
    timer = client.timer("moved")
    contextvars.copy_context().run(timer.__enter__)
    spend(0.01)
    timer.__exit__(None, None, None)
    assert int(messages()[0]["payload"]) >= 10


def test_blocks_never_left_do_not_pile_up(client):
    def leave_open() -> int:
        for _ in range(1000):
            client.timer("open").__enter__()
        return len(timer_module._running.get())

    assert contextvars.copy_context().run(leave_open) <= 64


def test_leaving_without_entering_is_harmless(client, messages):
    client.timer("x").__exit__(None, None, None)
    assert not messages()


@pytest.mark.parametrize("disabled", ["slow", ["slow", "other"], "*", {"*"}])
def test_disabled_timers(disabled):
    client = MetlogClient(DebugCaptureSender(), disabled_timers=disabled)
    with client.timer("slow") as timing:
        pass

    @client.timer("slow")
    def work() -> str:
        return "done"

    assert work() == "done"
    assert timing.result is None
    assert not client.sender.msgs


def test_disabling_one_timer_leaves_the_others():
    client = MetlogClient(DebugCaptureSender(), disabled_timers=["slow"])
    with client.timer("fast"):
        pass
    client.timer_send("slow", 5)
    names = [json.loads(message)["fields"]["name"] for message in client.sender.msgs]
    assert names == ["fast", "slow"]


def test_disabling_reaches_functions_that_are_decorated_already(client):
    work = client.timer("slow")(lambda: None)
    client.setup(client.sender, disabled_timers=["slow"])
    work()
    assert not client.sender.msgs


def test_sampling_is_drawn_for_each_call(client):
    work = client.timer("f", rate=0.5)(lambda: None)
    for _ in range(1000):
        work()
    assert 400 < client.counts.sent < 600
    assert json.loads(client.sender.msgs[0])["fields"]["rate"] == 0.5


def test_decorated_function_in_many_threads(client):
    @client.timer("f")
    def work(seconds: float) -> float:
        started = perf_counter()
        spend(seconds)
        return perf_counter() - started

    threads = [threading.Thread(target=work, args=(0.005,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    payloads = [int(json.loads(message)["payload"]) for message in client.sender.msgs]
    assert len(payloads) == 20
    assert min(payloads) >= 5
