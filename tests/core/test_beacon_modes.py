"""One view for both modes: no change of threads under ASGI, no event loop under WSGI."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.test import AsyncClient, Client

from django_metrics_statsd.beacon.guards import all_of, honour_privacy, no_bots, signed_token
from django_metrics_statsd.beacon.views import record
from django_metrics_statsd.clients.base import Record
from django_metrics_statsd.clients.handle import statsd
from tests.core.beacons import FORM, URL, URLS, stick, token

pytestmark = URLS
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
seen: list[tuple[int, bool]] = []


def here() -> tuple[int, bool]:
    return threading.get_ident(), asyncio._get_running_loop() is not None


@pytest.fixture(autouse=True)
def listening() -> Any:
    def listener(stat: Record) -> None:
        seen.append(here())

    seen.clear()
    statsd.listen(listener)
    yield
    statsd.unlisten(listener)


def test_the_mark_is_true_in_an_event_loop_only() -> None:
    async def inside() -> bool:
        return bool(iscoroutinefunction(record))

    assert asyncio.run(inside()) is True
    assert iscoroutinefunction(record) is False


def test_no_change_of_threads_under_asgi(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = all_of(honour_privacy, no_bots, signed_token, aguard)

    async def main() -> None:
        answer = await AsyncClient().post(
            f"{URL}?token={token()}", stick(), content_type=FORM, headers={"User-Agent": CHROME}
        )
        assert answer.status_code == 204

    asyncio.run(main())
    assert len(seen) > 5
    assert set(seen) == {(threading.get_ident(), True)}


async def aguard(request: HttpRequest) -> None:
    seen.append(here())


def blocking(request: HttpRequest) -> None:
    guards.append(here())


guards: list[tuple[int, bool]] = []


def test_a_guard_that_may_block_goes_to_a_thread_and_nothing_else(settings: Any) -> None:
    guards.clear()
    settings.STATSD_RECORD_GUARD = blocking

    async def main() -> None:
        answer = await AsyncClient().post(URL, stick(), content_type=FORM)
        assert answer.status_code == 204

    asyncio.run(main())
    ((thread, in_loop),) = guards
    assert thread != threading.get_ident()
    assert not in_loop
    assert set(seen) == {(threading.get_ident(), True)}


def test_no_event_loop_under_wsgi(settings: Any) -> None:
    settings.STATSD_RECORD_GUARD = [blocking, honour_privacy]
    assert Client().post(URL, stick(), content_type=FORM).status_code == 204
    assert set(seen) == {(threading.get_ident(), False)}


def sync_only(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    def middleware(request: HttpRequest) -> Any:
        return get_response(request)

    return middleware


def test_a_sync_middleware_under_asgi(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.sync_only"]

    async def main() -> None:
        answer = await AsyncClient().post(URL, stick(), content_type=FORM)
        assert answer.status_code == 204

    asyncio.run(main())
    assert {in_loop for _, in_loop in seen} == {True}


def test_both_handlers_in_one_process_by_turns() -> None:
    async def main() -> int:
        answer = await AsyncClient().post(URL, stick(), content_type=FORM)
        return int(answer.status_code)

    for _ in range(3):
        assert Client().post(URL, stick(), content_type=FORM).status_code == 204
        assert asyncio.run(main()) == 204


def test_many_at_once_in_one_loop() -> None:
    async def main() -> list[int]:
        posts = [AsyncClient().post(URL, stick(), content_type=FORM) for _ in range(50)]
        return [answer.status_code for answer in await asyncio.gather(*posts)]

    assert set(asyncio.run(main())) == {204}


def test_a_visitor_who_goes_away_while_a_guard_waits(settings: Any) -> None:
    async def main() -> None:
        asked = asyncio.Event()

        async def waits(request: HttpRequest) -> None:
            asked.set()
            await asyncio.sleep(60)

        settings.STATSD_RECORD_GUARD = waits
        task = asyncio.ensure_future(AsyncClient().post(URL, stick(), content_type=FORM))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == []
