from __future__ import annotations

import asyncio
import contextvars

from django.test import RequestFactory

from django_metrics_statsd import observation
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.observation import Observation, current


def test_an_observation_begins_with_nothing() -> None:
    seen = Observation()
    numbers = (
        seen.queries,
        seen.query_ms,
        seen.cache_calls,
        seen.cache_ms,
        seen.cache_hits,
        seen.cache_misses,
    )
    assert numbers == (0, 0.0, 0, 0.0, 0, 0)
    assert seen.muted is False


def test_the_first_to_ask_makes_it_current_and_others_get_the_same(rf: RequestFactory) -> None:
    def inside() -> None:
        request = rf.get("/")
        assert observation.of(request) is None
        first = observation.begin(request)
        assert observation.begin(request) is first is observation.of(request) is current.get()

    contextvars.copy_context().run(inside)
    assert current.get() is None


def test_child_tasks_write_into_the_requests_observation(rf: RequestFactory) -> None:
    async def child() -> None:
        seen = current.get()
        assert seen is not None
        seen.queries += 1

    async def main() -> int:
        seen = observation.begin(rf.get("/"))
        await asyncio.gather(*(asyncio.create_task(child()) for _ in range(5)))
        return seen.queries

    assert asyncio.run(main()) == 5


def test_muted_outside_of_a_request_is_for_the_block() -> None:
    with muted():
        seen = current.get()
        assert seen is not None
        assert seen.muted
    assert current.get() is None


def test_muted_within_a_request_is_for_the_request(rf: RequestFactory) -> None:
    def inside() -> bool:
        seen = observation.begin(rf.get("/"))
        with muted():
            pass
        return seen.muted

    assert contextvars.copy_context().run(inside)


def test_only_who_is_current_can_leave() -> None:
    def inside() -> None:
        seen, other = Observation(), Observation()
        current.set(seen)
        observation.leave(other)
        assert current.get() is seen
        observation.leave(seen)
        assert current.get() is None

    contextvars.copy_context().run(inside)
