"""What a host or its settings may do that nobody expects: the site goes on, and the numbers stay right."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import RequestFactory

from django_metrics_statsd import server_timing
from django_metrics_statsd.clients import packets, resolver, statsd
from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.clients.window import _are_times
from django_metrics_statsd.conf import Conf
from django_metrics_statsd.loggers.errors import StatsdHandler
from django_metrics_statsd.plan import planned
from tests.conftest import Wire
from tests.services.harness import wait_until


def test_a_slow_question_for_a_name_is_not_asked_for_each_packet(
    server: Wire, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def slowly(*args: Any, **kwargs: Any) -> Any:
        asked.append(threading.current_thread().name)
        time.sleep(0.3)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    monkeypatch.setattr(resolver, "RETRY", 0.2)
    settings.STATSD_URL, settings.STATSD_INTERVAL = "udp://nowhere.invalid:8125", 60
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.buffered"
    for number in range(20_000):  # more than a window holds
        statsd.incr(f"name{number}")
    wait_until(lambda: statsd.telemetry()["dropped"], "the thread to give up the first window")
    assert threading.current_thread().name not in asked
    assert len(asked) <= 5
    statsd.close()


@pytest.mark.parametrize(
    "patterns",
    [
        ["(?i)/health", "/static/"],
        ["/(?P<a>x)y", "/(?P<a>z)y"],
        [r"/(a)\1", r"/(b)\1"],
        ["/health", "/static/"],
    ],
)
def test_patterns_to_leave_out_are_each_their_own(settings: Any, patterns: list[str]) -> None:
    settings.STATSD_EXCLUDE = patterns
    found = planned.now.excluded
    assert found is not None
    paths = ["/HEALTH", "/health", "/static/a", "/xy", "/zy", "/aa", "/bb", "/ab", "/other"]
    assert [bool(found(path)) for path in paths] == [
        any(re.match(pattern, path) for pattern in patterns) for path in paths
    ]


def test_the_log_handler_counts_without_the_lock_of_handlers(server: Wire, settings: Any) -> None:
    settings.STATSD_URL = server.url
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.buffered"
    handler = StatsdHandler()
    handler.addFilter(lambda record: record.getMessage() != "no")
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        handler.acquire()
        held.set()
        release.wait(20)
        handler.release()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(20)
    for message in ("yes", "no"):
        record = logging.LogRecord("shop", logging.ERROR, "", 1, message, (), (KeyError, KeyError(), None))
        assert handler.handle(record) is (message == "yes")
    release.set()
    thread.join()
    assert server.lines() == ["error.keyerror:1|c"]


class Stubborn(BaseClient):
    """A client of a site's own that cannot start."""

    def start(self) -> None:
        raise OSError("no such device")

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        return None


def test_a_client_that_cannot_start_raises_nothing(faults: dict[str, int]) -> None:
    previous = statsd.replace(Stubborn())
    try:
        statsd.incr("a")
        with statsd.timer("b"):
            statsd.timing("c", 1)
    finally:
        statsd.replace(previous)
    assert faults == {"clients.handle": 1}


async def everybody(request: Any) -> bool:
    return True


def test_a_coroutine_function_opens_no_server_timing(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.STATSD_SERVER_TIMING = everybody
    assert "must not be a coroutine function" in str(vars(Conf)["STATSD_SERVER_TIMING"].problem())
    assert not server_timing._allowed(RequestFactory().get("/"))
    settings.STATSD_SERVER_TIMING = f"{__name__}.everybody"  # nobody has imported it yet
    assert not server_timing._allowed(RequestFactory().get("/"))


class Odd:
    """Adds up and compares as a number does, and is none."""

    def __add__(self, other: Any) -> Any:
        return other

    __radd__ = __add__

    def __ge__(self, other: Any) -> bool:
        return True

    def __lt__(self, other: Any) -> bool:
        return False


def test_what_only_looks_like_a_number_loses_no_other_stat(server: Wire, settings: Any) -> None:
    assert not _are_times([1.0, Odd()])
    settings.STATSD_URL = server.url
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.buffered"
    statsd.timing("took", Odd())  # type: ignore[arg-type]
    statsd.timing("took", 5)
    statsd.incr("good")
    lines = server.lines()
    assert "good:1|c" in lines
    assert any(line.startswith("took:5") for line in lines)
    assert statsd.telemetry()["dropped"] == {"value": 1}


def test_times_under_the_rate_that_sampling_leads_to_stay() -> None:
    window: Any = SimpleNamespace(
        timers={"took": [1.0] * 1_000, ("took", 0.5, ()): [99.0] * 4},
        sampled={"took": SimpleNamespace(seen=2_000)},
    )
    assert sorted(packets._sampled(window)["took", 0.5, ()]) == [1.0] * 1_000 + [99.0] * 4
