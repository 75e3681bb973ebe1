"""STATSD_CLIENT = "django_metrics_statsd.clients.metlog": stats as metlog messages."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from django_metrics_statsd.clients import metlog as module
from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.metlog import StatsClient
from django_metrics_statsd.metlog import MetlogClient, client_from_dict_config


class Recorder:
    """An object with metlog's API that is not ours; keeps how it was called."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def incr(self, *args: Any, **kwargs: Any) -> None:
        self.calls.append(("incr", args, kwargs))

    def timer_send(self, *args: Any, **kwargs: Any) -> None:
        self.calls.append(("timer_send", args, kwargs))

    def metlog(self, *args: Any, **kwargs: Any) -> None:
        self.calls.append(("metlog", args, kwargs))


@pytest.fixture
def recorder(settings) -> Recorder:
    settings.METLOG = Recorder()
    return settings.METLOG


@pytest.fixture
def ours(settings, client: MetlogClient) -> MetlogClient:
    settings.METLOG = client
    return client


def test_calls(recorder):
    stats = StatsClient()
    stats.incr("a")
    stats.incr("a", 5)
    stats.decr("a", 2)
    stats.timing("t", 12.5)
    stats.timing("t", timedelta(seconds=2))
    stats.gauge("g", 7)
    stats.gauge("g", -3, delta=True)
    stats.set("s", "user")
    assert recorder.calls == [
        ("incr", ("a", 1), {"rate": 1}),
        ("incr", ("a", 5), {"rate": 1}),
        ("incr", ("a", -2), {"rate": 1}),
        ("timer_send", ("t", 12.5), {"rate": 1}),
        ("timer_send", ("t", 2000.0), {"rate": 1}),
        ("metlog", ("gauge",), {"payload": "7", "fields": {"name": "g", "rate": 1}}),
        ("metlog", ("gauge",), {"payload": "-3", "fields": {"name": "g", "rate": 1, "delta": True}}),
        ("metlog", ("set",), {"payload": "user", "fields": {"name": "s", "rate": 1}}),
    ]
    assert stats.telemetry() == {"sent": 8, "packets": 0, "bytes": 0, "dropped": {}}


def test_tags_are_a_field(recorder, settings):
    stats = StatsClient()
    stats.incr("a", tags={"k": 1})
    stats.timing("t", 1, tags=["k:v"])
    stats.set("s", 1, tags={"k": "v"})
    settings.STATSD_CONSTANT_TAGS = {"env": "prod", "k": "c"}
    stats.gauge("g", 1, tags={"k": "v"})
    stats.incr("b")
    fields = [kwargs["fields"]["tags"] for _, _, kwargs in recorder.calls]
    assert fields == [
        {"k": "1"},
        {"k": "v"},
        {"k": "v"},
        {"env": "prod", "k": "v"},
        {"env": "prod", "k": "c"},
    ]


def test_envelopes_of_our_client(ours, messages):
    stats = StatsClient()
    stats.incr("a", 2, rate=1)
    stats.timing("t", 12)
    stats.gauge("g", 1.5)
    with stats.timer("block"):
        pass
    sent = messages()
    assert [message["type"] for message in sent] == ["counter", "timer", "gauge", "timer"]
    assert [message["payload"] for message in sent[:3]] == ["2", "12", "1.5"]
    assert [message["fields"]["name"] for message in sent] == ["a", "t", "g", "block"]
    assert {message["env_version"] for message in sent} == {"0.8"}


@pytest.mark.parametrize(
    "emit",
    [
        lambda stats: stats.incr("x", rate=0.5),
        lambda stats: stats.timing("x", 1, rate=0.5),
        lambda stats: stats.gauge("x", 1, rate=0.5),
        lambda stats: stats.set("x", 1, rate=0.5),
    ],
)
def test_sampled_exactly_once(ours, emit: Callable[[StatsClient], None]):
    """Drawn twice, a quarter of the stats would arrive."""
    stats = StatsClient()
    for _ in range(1000):
        emit(stats)
    assert 400 < ours.counts.sent < 600
    assert json.loads(ours.sender.msgs[0])["fields"]["rate"] == 0.5


def test_prefix_and_clean_names(settings, recorder):
    settings.STATSD_PREFIX = "site"
    StatsClient().incr("a b/c")
    assert recorder.calls[0][1] == ("site.a_b-c", 1)


@pytest.mark.parametrize(
    ("stat", "value", "tags", "reason"),
    [
        ("", 1, None, "name"),
        (None, 1, None, "metlog"),
        ("x", "much", None, "value"),
        ("x", float("nan"), None, "value"),
        ("x", None, None, "value"),
    ],
)
def test_what_cannot_be_sent_is_counted(recorder, stat, value, tags, reason):
    stats = StatsClient()
    stats.incr(stat, value, tags=tags)
    assert stats.telemetry()["dropped"] == {reason: 1}
    assert recorder.calls == []


def test_decimal_is_a_number(recorder):
    StatsClient().incr("x", Decimal("1.5"))
    assert recorder.calls[0][1] == ("x", Decimal("1.5"))


def test_metlog_not_set(caplog):
    stats = StatsClient()
    with caplog.at_level(logging.WARNING, "django_metrics_statsd"):
        stats.incr("x")
        stats.timing("x", 1)
        stats.gauge("x", 1)
    assert stats.telemetry()["dropped"] == {"no_metlog": 3}
    assert len(caplog.records) == 1
    assert "METLOG is not set. Write: METLOG = django_metrics_statsd.metlog" in caplog.text
    assert module.problem() in caplog.text
    assert stats.destination == "metlog (not set)"


def test_metlog_without_the_method(settings):
    class Half:
        def incr(self, name: str, count: float, rate: float) -> None: ...

    settings.METLOG = Half()
    stats = StatsClient()
    stats.incr("x")
    stats.timing("x", 1)
    assert (stats.counts.sent, stats.counts.dropped) == (1, {"no_metlog": 1})
    assert "has no metlog, timer_send" in module.problem()


def test_metlog_that_raises(settings, recorder, caplog):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no luck")

    recorder.incr = fail
    stats = StatsClient()
    with caplog.at_level(logging.WARNING, "django_metrics_statsd"):
        stats.incr("x")
        stats.incr("x")
    assert stats.telemetry()["dropped"] == {"metlog": 2}
    assert len(caplog.records) == 1


def test_problem_with_our_client(settings, ours):
    assert module.problem() is None
    settings.METLOG = MetlogClient()
    assert "has no sender" in module.problem()
    settings.METLOG = Recorder()
    assert module.problem() is None


def test_losses_of_our_client_are_told(settings, broken):
    settings.METLOG = MetlogClient(broken)
    stats = StatsClient()
    stats.incr("x")
    assert stats.telemetry()["dropped"] == {"metlog_sender": 1}
    assert stats.destination == "metlog (Broken)"
    assert stats.flush() is True


def test_flush_reaches_our_sender_only(settings, ours, recorder):
    assert StatsClient().flush() is True
    settings.METLOG = ours
    ours.sender.flush = lambda timeout: False
    assert StatsClient().flush(1) is False


def test_pipeline(ours, messages):
    with StatsClient().pipeline() as pipeline:
        pipeline.incr("a")
        pipeline.gauge("b", 1)
        assert not messages()
    assert [message["fields"]["name"] for message in messages()] == ["a", "b"]


def test_the_handle_and_settings_as_documented(settings):
    """What django-metlog's users write: a client made in settings, used from there and by the handle."""
    settings.METLOG = client_from_dict_config(
        {"logger": "mysite", "sender": {"class": "metlog.senders.DebugCaptureSender"}}
    )
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.metlog"
    from django.conf import settings as project

    metlog = project.METLOG
    statsd.incr("from.handle")
    metlog.incr("from.settings")
    with metlog.timer("block"):
        pass
    names = [json.loads(message)["fields"]["name"] for message in metlog.sender.msgs]
    assert names == ["from.handle", "from.settings", "block"]


def test_another_metlog_is_used_at_once(settings, ours, messages):
    stats = StatsClient()
    stats.incr("first")
    settings.METLOG = Recorder()
    stats.incr("second")
    assert len(messages()) == 1
    assert len(settings.METLOG.calls) == 1
