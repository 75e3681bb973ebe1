from __future__ import annotations

import gc
import json
import logging
import random
import sys
import tracemalloc
from types import MethodType

import pytest

from django_metrics_statsd import safety
from django_metrics_statsd.metlog import SEVERITY, MetlogClient
from django_metrics_statsd.metlog.senders import DebugCaptureSender, NoSendSender


def test_severities_are_those_of_syslog():
    names = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"]
    assert [getattr(SEVERITY, name) for name in names] == list(range(8))


def test_incr(client, messages):
    client.incr("jobs")
    client.incr("jobs", 5, logger="worker", severity=4, fields={"queue": "mail"})
    first, second = messages()
    assert (first["type"], first["payload"], first["severity"]) == ("counter", "1", 6)
    assert first["fields"] == {"name": "jobs", "rate": 1.0}
    assert (second["payload"], second["logger"], second["severity"]) == ("5", "worker", 4)
    assert second["fields"] == {"queue": "mail", "name": "jobs", "rate": 1.0}


def test_timer_send(client, messages):
    client.timer_send("view", 42, "web", 7, {"tag": 1}, 0.5)
    [message] = messages()
    assert (message["type"], message["payload"]) == ("timer", "42")
    assert (message["logger"], message["severity"]) == ("web", 7)
    assert message["fields"] == {"tag": 1, "name": "view", "rate": 0.5}


def test_callers_fields_are_not_changed(client):
    fields = {"mine": 1}
    client.incr("a", fields=fields)
    client.timer_send("a", 1, fields=fields)
    with client.timer("a", fields=fields):
        pass
    assert fields == {"mine": 1}


def test_incr_is_sampled(client):
    for _ in range(2000):
        client.incr("often", rate=0.3)
    assert 450 < client.counts.sent < 750
    assert json.loads(client.sender.msgs[0])["fields"]["rate"] == 0.3


def test_incr_with_rate_zero_sends_nothing(client):
    client.incr("never", rate=0)
    assert not client.sender.msgs


def test_timer_send_is_not_sampled(client):
    for _ in range(50):
        client.timer_send("always", 1, rate=0.01)
    assert client.counts.sent == 50


def test_sampling_leaves_the_hosts_random_numbers_alone(client):
    random.seed(7)
    state = random.getstate()
    client.incr("x", rate=0.5)
    with client.timer("x", rate=0.5):
        pass
    assert random.getstate() == state


@pytest.mark.parametrize(
    ("method", "severity"),
    [("debug", 7), ("info", 6), ("warn", 4), ("error", 3), ("critical", 2)],
)
def test_severity_methods(client, messages, method, severity):
    getattr(client, method)("%s of %d", "one", 2)
    [message] = messages()
    assert (message["type"], message["severity"]) == ("oldstyle", severity)
    assert (message["payload"], message["logger"]) == ("one of 2", "tests")


def test_exception_has_the_traceback_and_severity_alert(client, messages):
    try:
        raise LookupError("gone")
    except LookupError:
        client.exception("looking for %s", "it")
    [message] = messages()
    lines = message["payload"].splitlines()
    assert message["severity"] == 1
    assert lines[:2] == ["looking for it", "Traceback (most recent call last):"]
    assert lines[-1] == "LookupError: gone"


def _caught() -> LookupError:
    try:
        raise LookupError("gone")
    except LookupError as error:
        return error


@pytest.mark.parametrize("form", [lambda e: e, lambda e: (type(e), e, e.__traceback__)])
def test_exc_info_as_exception_or_tuple(client, messages, form):
    client.error("failed\n", exc_info=form(_caught()))
    lines = messages()[0]["payload"].splitlines()
    assert (lines[0], lines[1]) == ("failed", "Traceback (most recent call last):")
    assert lines[-1] == "LookupError: gone"


def test_exception_without_traceback(client, messages):
    client.exception("only words", exc_info=False)
    assert messages()[0]["payload"] == "only words"


def test_mapping_as_the_only_argument(client, messages):
    client.info("%(a)s and %(b)s", {"a": 1, "b": 2})
    assert messages()[0]["payload"] == "1 and 2"


def test_percent_without_arguments_is_text(client, messages):
    client.info("100% done")
    assert messages()[0]["payload"] == "100% done"


def test_arguments_that_do_not_fit_follow_the_text(client, messages, broken):
    client.info("%d", "x", extra={"logging": "has this"})
    client.info("%s", broken)
    client.info(12)
    payloads = [message["payload"] for message in messages()]
    assert payloads[0] == "%d ('x',)"
    assert payloads[1].startswith("%s (<")
    assert payloads[2] == "12"


def test_sender_that_raises_is_counted_and_told_once(broken, caplog):
    client = MetlogClient(broken)
    with caplog.at_level(logging.WARNING, "django_metrics_statsd"):
        for _ in range(3):
            client.incr("x")
    assert client.telemetry()["dropped"] == {"sender": 3}
    assert client.telemetry()["sent"] == 0
    assert safety.faults == {"metlog.sender": 3}
    assert len(caplog.records) == 1
    assert "no luck" in caplog.text


def test_sender_that_ends_the_program_may():
    class Ends(DebugCaptureSender):
        def send_message(self, msg):
            raise SystemExit

    with pytest.raises(SystemExit):
        MetlogClient(Ends()).incr("x")


def test_filter_that_raises_is_counted(broken):
    client = MetlogClient(DebugCaptureSender(), filters=[broken])
    client.incr("x")
    assert client.telemetry()["dropped"] == {"filter": 1}
    assert not client.sender.msgs


def test_odd_arguments_never_raise(client):
    client.metlog("x", fields=5)
    client.incr("x", fields="ab")
    client.incr("x", rate="often")
    client.timer_send("x", object(), fields=7)
    assert client.telemetry()["dropped"] == {"message": 4}


def test_filters_see_and_may_change_the_message(client, messages):
    seen = []
    client.filters = [lambda msg: seen.append(msg["type"]) or True, lambda msg: msg["type"] != "b"]
    client.filters.append(lambda msg: msg.update(payload="changed") or True)
    client.metlog("a")
    client.metlog("b")
    assert seen == ["a", "b"]
    assert [message["payload"] for message in messages()] == ["changed"]


def test_client_without_sender_drops_and_says_so(caplog):
    client = MetlogClient()
    with caplog.at_level(logging.WARNING, "django_metrics_statsd"):
        client.incr("x")
        client.incr("x")
    assert not client.is_active
    assert client.telemetry()["dropped"] == {"no_sender": 2}
    assert len(caplog.records) == 1
    with pytest.raises(NotImplementedError):
        NoSendSender().send_message({})


def test_setup_configures_anew(client):
    assert client.is_active
    sender = DebugCaptureSender()
    client.setup(sender, "other", 3, "slow", [lambda msg: True])
    assert (client.sender, client.logger, client.severity) == (sender, "other", 3)
    assert len(client.filters) == 1
    client.setup()
    assert not client.is_active


def test_flush_is_the_senders(client):
    assert client.flush() is True
    client.sender.flush = lambda timeout: timeout == 3
    assert client.flush(3) is True
    assert client.flush(4) is False


def _shout(self: MetlogClient, text: str) -> None:
    self.metlog("shout", payload=text.upper())


_shout.metlog_name = "shout"


def test_added_method(client, messages):
    client.add_method(_shout)
    client.shout("hey")
    assert isinstance(client.shout, MethodType)
    assert messages()[0]["payload"] == "HEY"


def test_added_method_may_not_hide_another_unasked(client):
    client.add_method(_shout)
    with pytest.raises(SyntaxError, match="'shout'"):
        client.add_method(_shout)
    client.add_method(_shout, override=True)
    client.add_method(_shout, override="incr")
    client.incr("replaced")
    assert json.loads(client.sender.msgs[0])["payload"] == "REPLACED"


def test_added_method_needs_a_name(client):
    with pytest.raises(TypeError, match="metlog_name"):
        client.add_method(lambda self: None)


def test_nothing_grows_with_distinct_names():
    client = MetlogClient(DebugCaptureSender())

    def use(start: int) -> None:
        for number in range(start, start + 1000):
            client.incr(f"name{number:07}")
            with client.timer(f"name{number:07}"):
                pass

    use(0)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    use(10_000)
    gc.collect()
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = sum(line.size_diff for line in after.compare_to(before, "filename"))
    assert grown < 100_000
    assert len(client.sender.msgs) == 100


def test_importing_reads_no_settings():
    """A settings module imports the package while settings are still being made."""
    import subprocess

    code = (
        "from django_metrics_statsd.metlog import client_from_dict_config as make\n"
        "client = make({'sender': {'class': 'metlog.senders.UdpSender', 'host': 'h.invalid', 'port': 1}})\n"
        "from django.conf import settings\n"
        "assert not settings.configured\n"
        "print(client.is_active)"
    )
    env = {"PATH": "", "PYTHONPATH": ":".join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True\n", "")
