from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.clients import get_client, statsd
from tests.conftest import Wire


@pytest.fixture
def plain(wire: Wire, settings: Any) -> Wire:
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.normal"
    return wire


def test_each_stat_is_a_packet_at_once(plain: Wire) -> None:
    statsd.incr("a")
    assert plain.packets() == [b"a:1|c"]
    statsd.gauge("b", -2)
    assert plain.packets() == [b"b:0|g\nb:-2|g"]
    counts = statsd.telemetry()
    assert (counts["sent"], counts["packets"], counts["bytes"]) == (2, 2, 17)


def test_a_pipeline_is_a_packet(plain: Wire) -> None:
    with statsd.pipeline() as pipeline:
        pipeline.incr("a")
        pipeline.incr("a")
        pipeline.timing("b", 3)
    assert plain.packets() == [b"a:1|c\na:1|c\nb:3|ms"]


def test_what_cannot_be_delivered_is_counted(plain: Wire, settings: Any) -> None:
    settings.STATSD_URL = "unix:///no/such"
    statsd.incr("a")
    assert statsd.telemetry()["dropped"] == {"unreachable": 1}


def test_a_child_process_starts_anew(plain: Wire) -> None:
    statsd.incr("a")
    get_client().reset()  # type: ignore[attr-defined]
    statsd.incr("b")
    assert plain.packets() == [b"a:1|c", b"b:1|c"]


def test_the_destination(plain: Wire) -> None:
    assert statsd.destination == plain.url
