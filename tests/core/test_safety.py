from __future__ import annotations

import logging

import pytest

from django_metrics_statsd import safety
from django_metrics_statsd.safety import Telemetry, failed, say_once


def _fail(where: str) -> None:
    try:
        raise RuntimeError("no luck")
    except RuntimeError:
        failed(where)


def test_a_fault_is_counted_each_time_and_told_once(
    caplog: pytest.LogCaptureFixture, faults: dict[str, int]
) -> None:
    _fail("here")
    _fail("here")
    _fail("there")
    assert faults == {"here": 2, "there": 1}
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert caplog.records[0].exc_info is not None
    assert "inside here; the site goes on" in caplog.text


def test_what_is_said_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    for number in range(1_000):
        say_once(str(number), "told %s", number)
    assert 100 <= len(caplog.records) <= 200


def test_forget_lets_it_be_said_again(caplog: pytest.LogCaptureFixture, faults: dict[str, int]) -> None:
    _fail("here")
    safety.forget()
    assert faults == {}
    _fail("here")
    assert len(caplog.records) == 2


def test_telemetry_counts_drops_by_reason_and_gives_copies() -> None:
    counts = Telemetry()
    counts.drop("name")
    counts.drop("name", 2)
    counts.drop("value", 0)
    counts.sent, counts.packets, counts.bytes = 5, 2, 90
    told = counts.as_dict()
    assert told == {"sent": 5, "packets": 2, "bytes": 90, "dropped": {"name": 3}}
    counts.drop("name")
    assert told["dropped"] == {"name": 3}
