from __future__ import annotations

import gc
import io
import json
import logging
import os
import threading

import pytest

from django_metrics_statsd.metlog import MetlogClient
from django_metrics_statsd.metlog.envelope import encode
from django_metrics_statsd.metlog.senders import (
    DebugCaptureSender,
    FileSender,
    StdLibLoggingSender,
    StdOutSender,
    StreamSender,
)
from tests.metlog.forking import in_child, succeeded


def test_stream_gets_indented_json():
    stream = io.StringIO()
    StreamSender(stream).send_message({"type": "a", "fields": {"n": 1}})
    assert stream.getvalue() == ('{\n    "type": "a",\n    "fields": {\n        "n": 1\n    }\n}\n')


@pytest.mark.parametrize(
    "formatter", [encode, "django_metrics_statsd.metlog.envelope.encode", lambda msg: '{"a": 1}']
)
def test_formatter_as_function_or_path(formatter):
    stream = io.StringIO()
    StreamSender(stream, formatter).send_message({"a": 1})
    assert stream.getvalue() == '{"a": 1}\n'


def test_stdout_is_what_it_is_at_the_moment(capsys):
    client = MetlogClient(StdOutSender(encode), "tests")
    client.incr("x")
    out, err = capsys.readouterr()
    assert json.loads(out)["fields"]["name"] == "x"
    assert out.count("\n") == 1
    assert err == ""


def test_closed_stream_does_not_reach_the_caller():
    stream = io.StringIO()
    stream.close()
    client = MetlogClient(StreamSender(stream))
    client.incr("x")
    assert client.telemetry()["dropped"] == {"sender": 1}


def test_file_is_appended_to(tmp_path):
    path = tmp_path / "metlog.json"
    path.write_text("before\n")
    sender = FileSender(path, encode)
    MetlogClient(sender, "é").metlog("x", payload="ü")
    first, second = path.read_text("utf-8").splitlines()
    assert first == "before"
    assert json.loads(second)["payload"] == "ü"
    sender.close()


def test_file_written_by_threads_and_children_has_whole_lines(tmp_path):
    path = tmp_path / "metlog.json"
    client = MetlogClient(FileSender(str(path), encode), "tests")

    def write() -> None:
        for _ in range(50):
            client.metlog("x", payload="y" * 9000)

    children = [in_child(write) for _ in range(2)]
    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [succeeded(child) for child in children] == [True, True]
    messages = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(messages) == 250
    assert {message["metlog_pid"] for message in messages} == {os.getpid(), *children}
    client.sender.close()


def test_file_is_closed_with_its_sender(tmp_path):
    sender = FileSender(tmp_path / "metlog.json")
    stream = sender.stream
    del sender
    gc.collect()
    assert stream.closed


def test_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(FileNotFoundError):
        FileSender(tmp_path / "missing" / "metlog.json")


def test_capture_keeps_the_last_hundred():
    sender = DebugCaptureSender(mark="kept")
    for number in range(120):
        sender.send_message({"n": number})
    assert sender.mark == "kept"
    assert list(sender.msgs) == [f'{{"n": {number}}}' for number in range(20, 120)]


def test_logging_sender(caplog):
    client = MetlogClient(StdLibLoggingSender("tests.metlog"), "tests")
    with caplog.at_level(logging.DEBUG, "tests.metlog"):
        client.warn("100%% %s", "sure")
        client.debug("quiet")
        client.incr("x")
    assert [record.levelname for record in caplog.records] == ["WARNING", "DEBUG", "INFO"]
    assert caplog.messages[0] == "100% sure"
    assert json.loads(caplog.messages[2])["type"] == "counter"


def test_logging_sender_by_type(caplog):
    sender = StdLibLoggingSender("tests.metlog", payload_types=["a"], json_types="b")
    with caplog.at_level(logging.DEBUG, "tests.metlog"):
        for kind in "abc":
            sender.send_message({"type": kind, "severity": 99, "payload": "text"})
    assert caplog.messages == ["text", '{"type": "b", "severity": 99, "payload": "text"}']
    assert caplog.records[0].levelname == "WARNING"


def test_logging_sender_uses_the_root_logger_by_default():
    assert StdLibLoggingSender().logger is logging.getLogger()
