"""The two clients that people read: in memory, and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from django_metrics_statsd.clients import get_client, statsd
from django_metrics_statsd.clients import toolbar as memory
from django_metrics_statsd.clients.null import StatsClient as NullClient


@pytest.fixture
def client(settings: Any) -> Iterator[memory.StatsClient]:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.toolbar"
    made = get_client()
    assert isinstance(made, memory.StatsClient)
    yield made
    statsd.close()


def test_series_are_kept_with_their_count_sum_and_last_value(client: memory.StatsClient) -> None:
    statsd.incr("hits", 2)
    statsd.incr("hits", 3)
    statsd.timing("took", timedelta(seconds=1))
    statsd.gauge("level", 4)
    statsd.gauge("steps", 4, delta=True)
    statsd.gauge("steps", -1, delta=True)
    statsd.set("users", "ann")
    found = {
        series.stat: (series.kind, series.count, series.total, series.last) for series in client.series()
    }
    assert found == {
        "hits": ("c", 2, 5.0, 3),
        "took": ("ms", 1, 1000.0, 1000.0),
        "level": ("g", 1, 4.0, 4),
        "steps": ("g+", 2, 3.0, 3.0),
        "users": ("s", 1, 0.0, "ann"),
    }
    assert client.series()[0].stat == "users"
    assert all(series.at > 0 for series in client.series())


def test_recent_stats_come_with_their_times(client: memory.StatsClient) -> None:
    statsd.incr("a", tags={"x": "y"})
    statsd.incr("b")
    recent = client.recent()
    assert [record.stat for _, record in recent] == ["a", "b"]
    assert recent[0][0] <= recent[1][0]
    assert recent[0][1].tags == {"x": "y"}


def test_memory_is_bounded_and_the_oldest_give_way(client: memory.StatsClient) -> None:
    for number in range(memory.MAX_SERIES + 10):
        statsd.incr(f"n{number}")
    statsd.incr("n10")
    names = {series.stat for series in client.series()}
    assert len(names) == memory.MAX_SERIES
    assert "n9" not in names
    assert "n10" in names
    assert len(client.recent()) == memory.MAX_RECENT
    assert statsd.telemetry()["dropped"] == {"series": 10}


def test_reset_forgets_everything(client: memory.StatsClient) -> None:
    statsd.incr("a")
    client.reset()
    assert (client.series(), client.recent()) == ([], [])


def test_the_memory_client_is_found_among_others(client: memory.StatsClient) -> None:
    assert memory.find([NullClient(), client]) is client
    assert memory.find([NullClient()]) is None


def test_each_stat_is_a_line_in_the_log(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.log"
    with caplog.at_level(logging.INFO, "django_metrics_statsd.stats"):
        statsd.incr("hits", 2, tags={"a": "b"})
        statsd.timing("took", 1.5)
    assert caplog.messages == ["c hits 2 rate=1 tags={'a': 'b'}", "ms took 1.5 rate=1 tags=None"]
    assert statsd.telemetry()["sent"] == 2


def test_a_log_handler_that_raises_is_a_drop(settings: Any) -> None:
    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("no")

    settings.STATSD_CLIENT = "django_metrics_statsd.clients.log"
    logger, handler = logging.getLogger("django_metrics_statsd.stats"), Failing()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        statsd.incr("hits")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert statsd.telemetry()["dropped"] == {"log": 1}


def test_the_datadog_client_over_a_unix_socket(settings: Any, tmp_path: Any) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "s"))
        server.settimeout(5)
        settings.STATSD_URL = f"unix://{tmp_path}/s"
        settings.STATSD_CLIENT = "django_metrics_statsd.clients.datadog"
        statsd.timing("took", 3)
        statsd.gauge("steps", 1, delta=True)
        statsd.flush()
        assert server.recv(1_000).strip() == b"took:3|ms"
        assert statsd.destination == f"datadog at unix://{tmp_path}/s"
        assert statsd.telemetry()["dropped"] == {"kind": 1}
        statsd.close()
