from __future__ import annotations

import copy
import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.metlog import (
    MetlogClient,
    client_from_dict_config,
    client_from_stream_config,
    client_from_text_config,
    filters,
    paths,
    senders,
)
from django_metrics_statsd.metlog.config import dict_from_stream_config, nest_prefixes
from django_metrics_statsd.metlog.holder import CLIENT_HOLDER, get_client
from django_metrics_statsd.metlog.ini import EnvironmentNotFoundError

CAPTURE = {"class": "metlog.senders.DebugCaptureSender"}


def verbose_plugin(config: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Provide a method ``dummy`` that returns its configuration."""

    def dummy(self: MetlogClient) -> dict[str, Any]:
        return config

    dummy.metlog_name = "dummy"
    return dummy


PLUGIN = f"{__name__}:verbose_plugin"


def test_whole_dictionary():
    config = {
        "logger": "mysite",
        "severity": 4,
        "disabled_timers": ["slow"],
        "sender": {**CAPTURE, "mark": 1},
        "filters": [("metlog.filters.severity_max_provider", {"severity": 5})],
        "plugins": {"any": (PLUGIN, {"port": 8080})},
        "global": {"color": "blue"},
    }
    before = copy.deepcopy(config)
    client = client_from_dict_config(config)
    assert config == before
    assert (client.logger, client.severity) == ("mysite", 4)
    assert (type(client.sender), client.sender.mark) == (senders.DebugCaptureSender, 1)
    client.debug("too little")
    client.error("enough")
    with client.timer("slow"):
        pass
    assert len(client.sender.msgs) == 1
    assert client.dummy() == {"port": 8080}
    assert CLIENT_HOLDER.global_config == {"color": "blue"}


def test_same_dictionary_twice():
    config = {"sender": dict(CAPTURE), "plugins": {"p": [PLUGIN, {"override": True}]}}
    first, second = client_from_dict_config(config), client_from_dict_config(config)
    assert first is not second
    assert first.sender is not second.sender


def test_nested_prefixes_win():
    client = client_from_dict_config({"sender": {**CAPTURE, "a": 1, "b": 2}, "sender_b": 3, "global_x": 4})
    assert (client.sender.a, client.sender.b) == (1, 3)
    assert CLIENT_HOLDER.global_config == {"x": 4}


def test_nest_prefixes_with_others():
    nested = nest_prefixes({"a-x": 1, "sender_y": 2}, ["a"], "-")
    assert nested == {"a-x": 1, "sender_y": 2, "a": {"x": 1}}


def test_sender_arguments_by_position():
    stream = io.StringIO()
    sender = {"class": "metlog.senders.StreamSender", "args": [stream], "formatter": str}
    client_from_dict_config({"sender": sender}).metlog("x", payload="hello")
    assert "'payload': 'hello'" in stream.getvalue()


def test_configuration_can_be_looked_at():
    config = {
        "logger": "addons",
        "sender": {"class": "metlog.senders.UdpSender", "host": ["one", "two"], "port": "5566"},
    }
    client = client_from_dict_config(config)
    assert client._config == json.dumps(config)


def test_existing_client_is_configured_anew(client):
    assert client_from_dict_config({"sender": CAPTURE, "logger": "new"}, client) is client
    assert client.logger == "new"


def test_no_sender_makes_an_inactive_client():
    assert not client_from_dict_config({"logger": "x"}).is_active


def test_global_values_can_be_cleared():
    client_from_dict_config({"global_a": 1})
    client_from_dict_config({"global_b": 2})
    assert CLIENT_HOLDER.global_config == {"a": 1, "b": 2}
    client_from_dict_config({"global_c": 3}, clear_global=True)
    assert CLIENT_HOLDER.global_config == {"c": 3}


@pytest.mark.parametrize("path", paths.OLD_PATHS)
def test_old_paths(path):
    found = paths.resolve("it", path)
    assert found.__module__.startswith("django_metrics_statsd.metlog.")
    assert found.__name__.removesuffix("_provider") == path.rpartition(".")[2].removesuffix("_provider")


def test_documented_old_paths():
    for name in ("StreamSender", "StdOutSender", "FileSender", "DebugCaptureSender"):
        assert paths.resolve("it", f"metlog.senders.{name}") is getattr(senders, name)
        assert paths.resolve("it", f"metlog.senders.dev.{name}") is getattr(senders, name)
    assert paths.resolve("it", "metlog.senders.udp.UdpSender") is senders.UdpSender
    assert paths.resolve("it", "metlog.senders.UdpSender") is senders.UdpSender
    assert paths.resolve("it", "metlog.filters:type_whitelist") is filters.type_whitelist_provider


def test_own_paths_with_dot_or_colon():
    assert paths.resolve("it", "json.dumps") is json.dumps
    assert paths.resolve("it", "json:dumps") is json.dumps
    assert paths.resolve("it", json.dumps) is json.dumps


@pytest.mark.parametrize(
    "path", ["metlog.senders.TcpSender", "no.such.Sender", "StdOutSender", "json.nothing", ""]
)
def test_unknown_class(path):
    with pytest.raises(ImproperlyConfigured) as caught:
        client_from_dict_config({"sender": {"class": path}})
    message = str(caught.value)
    assert message.startswith(f"sender.class is {path!r}")
    assert "metlog.senders.UdpSender" in message
    assert "metlog.senders.StdOutSender" in message


def test_unknown_filter():
    with pytest.raises(ImproperlyConfigured, match=r"metlog.filters.severity_max_provider"):
        client_from_dict_config({"sender": CAPTURE, "filters": [("metlog.filters.none", {})]})


def test_class_that_is_no_path():
    with pytest.raises(ImproperlyConfigured, match=r"sender.class is 5; write a dotted path"):
        client_from_dict_config({"sender": {"class": 5}})


@pytest.mark.parametrize("name", ["ZmqPubSender", "ZmqHandshakePubSender"])
def test_zeromq(name):
    with pytest.raises(ImproperlyConfigured, match=r"ZeroMQ is not supported. Use 'metlog.senders.Udp"):
        client_from_dict_config({"sender_class": f"metlog.senders.zmq.{name}", "sender_hwm": 2})


def test_sender_without_class():
    with pytest.raises(ImproperlyConfigured, match=r"sender is configured with \['host'\]"):
        client_from_dict_config({"sender_host": "x"})


def test_arguments_that_a_sender_refuses():
    with pytest.raises(ImproperlyConfigured, match=r"'metlog.senders.UdpSender' refuses .*'hots'"):
        client_from_dict_config({"sender": {"class": "metlog.senders.UdpSender", "hots": 1}})
    with pytest.raises(ImproperlyConfigured, match="port is 'smtp'"):
        client_from_dict_config(
            {"sender": {"class": "metlog.senders.UdpSender", "host": "x", "port": "smtp"}}
        )


INI = """
    [metlog]
    logger = myapp
    severity = 4
    disabled_timers = foo
                      bar
    sender_class = metlog.senders.DebugCaptureSender
    sender_number = -123
    sender_on = Yes
    sender_off = F
    sender_text = 127.0.0.1
    sender_mixed = 1

                   x
    sender_from_environment = tcp://${METLOG_TEST_HOST}:${METLOG_TEST_PORT}
    global_disabled_decorators = incr_count

    [metlog_filter_severity]
    provider = metlog.filters.severity_max_provider
    severity = 4

    [metlog_filter_types]
    provider = metlog.filters.type_whitelist_provider
    types = timer
            oldstyle

    [metlog_plugin_one]
    provider = PLUGIN
    port = 8080

    [unrelated]
    provider = nothing
""".replace("PLUGIN", PLUGIN)


def test_ini_text(monkeypatch):
    monkeypatch.setenv("METLOG_TEST_HOST", "example.org")
    monkeypatch.setenv("METLOG_TEST_PORT", "99")
    client = client_from_text_config(INI, "metlog")
    assert (client.logger, client.severity) == ("myapp", 4)
    assert vars(client.sender).items() >= {
        ("number", -123),
        ("on", True),
        ("off", False),
        ("text", "127.0.0.1"),
        ("from_environment", "tcp://example.org:99"),
    }
    assert client.sender.mixed == [1, "x"]
    assert CLIENT_HOLDER.global_config == {"disabled_decorators": "incr_count"}
    assert [each.__name__ for each in client.filters] == ["severity_max", "type_whitelist"]
    assert client.dummy() == {"port": 8080}
    client.metlog("timer", severity=4)
    client.metlog("other", severity=4)
    client.metlog("timer", severity=5)
    with client.timer("bar", severity=1):
        pass
    assert len(client.sender.msgs) == 1


def test_ini_stream_and_existing_client(client):
    stream = io.StringIO("[m]\nsender_class = metlog.senders.DebugCaptureSender\nlogger = s\n")
    assert client_from_stream_config(stream, "m", client) is client
    assert client.logger == "s"


def test_ini_variable_that_is_not_set(monkeypatch):
    monkeypatch.delenv("METLOG_TEST_HOST", raising=False)
    with pytest.raises(EnvironmentNotFoundError, match="METLOG_TEST_HOST") as caught:
        client_from_text_config("[m]\nsender_class = ${METLOG_TEST_HOST}", "m")
    assert caught.value.varname == "METLOG_TEST_HOST"


def test_ini_section_that_is_missing():
    with pytest.raises(ImproperlyConfigured, match=r"no section \[metlog\]; there are \['other'\]"):
        dict_from_stream_config(io.StringIO("[other]\n"), "metlog")


def test_ini_provider_that_is_missing():
    with pytest.raises(ImproperlyConfigured, match=r"\[m_filter_x\] has no provider"):
        dict_from_stream_config(io.StringIO("[m]\n[m_filter_x]\nseverity = 1\n"), "m")


def test_plugin_that_takes_a_used_name():
    plugins = {"one": (PLUGIN, {}), "two": (PLUGIN, {})}
    with pytest.raises(SyntaxError, match="'dummy'"):
        client_from_dict_config({"sender": CAPTURE, "plugins": plugins})


def test_holder_gives_one_client_per_name():
    first = get_client("one")
    assert get_client("one") is first
    assert CLIENT_HOLDER.default_client is first
    assert (first.logger, first.is_active) == ("one", False)
    second = get_client("two", {"sender": CAPTURE})
    assert (second.logger, second.is_active) == ("two", True)
    assert CLIENT_HOLDER.default_client is first
    CLIENT_HOLDER.set_default_client_name("two")
    assert CLIENT_HOLDER.default_client is second
    CLIENT_HOLDER.delete_client("two")
    assert CLIENT_HOLDER.default_client is None
    CLIENT_HOLDER.delete_client("never")
    assert get_client("two") is not second


def test_holder_takes_a_client_made_elsewhere(client):
    CLIENT_HOLDER.set_client("mine", client)
    assert get_client("mine") is client
    assert CLIENT_HOLDER.default_client is client


def test_holder_refuses_another_logger():
    with pytest.raises(ValueError, match="write 'one'"):
        get_client("one", {"logger": "two", "sender": CAPTURE})


def test_standard_output_from_the_documentation(capsys):
    get_client("myapp", {"sender": {"class": "metlog.senders.dev.StdOutSender"}}).info("hello")
    assert json.loads(capsys.readouterr().out)["payload"] == "hello"
    assert sys.stdout is not None
