from __future__ import annotations

import json
import os
import re
import socket
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.utils.translation import gettext_lazy

from django_metrics_statsd.metlog import SEVERITY
from django_metrics_statsd.metlog.envelope import encode, timestamp
from tests.metlog.forking import in_child, succeeded

FIELDS = [
    "type",
    "timestamp",
    "logger",
    "severity",
    "payload",
    "fields",
    "env_version",
    "metlog_pid",
    "metlog_hostname",
]


def test_every_field(client, messages):
    before = datetime.now(UTC)
    client.metlog("greeting", "me", SEVERITY.NOTICE, "hello", {"to": "you", "n": 1})
    after = datetime.now(UTC)
    [message] = messages()
    assert list(message) == FIELDS
    stamp = message.pop("timestamp")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp)
    assert before <= datetime.fromisoformat(stamp) <= after
    assert message == {
        "type": "greeting",
        "logger": "me",
        "severity": 5,
        "payload": "hello",
        "fields": {"to": "you", "n": 1},
        "env_version": "0.8",
        "metlog_pid": os.getpid(),
        "metlog_hostname": socket.gethostname(),
    }


def test_defaults(client, messages):
    client.metlog("bare")
    [message] = messages()
    assert (message["logger"], message["severity"]) == ("tests", 6)
    assert (message["payload"], message["fields"]) == ("", {})


def test_empty_logger_and_severity_zero_are_values(client, messages):
    client.metlog("bare", logger="", severity=SEVERITY.EMERGENCY)
    [message] = messages()
    assert (message["logger"], message["severity"]) == ("", 0)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [(12, "12"), (1.5, "1.5"), (b"caf\xc3\xa9\xff", "café\\xff"), (gettext_lazy("Yes"), "Yes")],
)
def test_payload_is_text(client, messages, payload, expected):
    client.metlog("odd", payload=payload)
    assert messages()[0]["payload"] == expected


def test_timestamp_of_a_whole_second_in_another_zone():
    moment = datetime(2012, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "2012-03-04T03:06:07.000000Z"


def test_values_that_json_has_no_form_for(client, messages, broken):
    client.metlog(
        "odd",
        fields={
            "when": datetime(2012, 3, 4, tzinfo=UTC),
            "bytes": b"\xff",
            "set": {1},
            "lazy": gettext_lazy("Yes"),
            "broken": broken,
            "nested": {"deep": [b"x"]},
        },
    )
    assert messages()[0]["fields"] == {
        "when": "2012-03-04 00:00:00+00:00",
        "bytes": "\\xff",
        "set": "{1}",
        "lazy": "Yes",
        "broken": "<Broken without text>",
        "nested": {"deep": ["x"]},
    }
    assert client.counts.dropped == {}


def test_what_json_refuses_becomes_text():
    loop: list[object] = []
    loop.append(loop)
    fields = {(1, 2): "key", "nan": float("nan"), "loop": loop, "n": 3, "none": None, "s": "\ud800"}
    read = json.loads(encode({"type": "odd", "fields": fields}))
    assert read == {
        "type": "odd",
        "fields": {
            "(1, 2)": "key",
            "nan": "nan",
            "loop": "[[...]]",
            "n": 3,
            "none": None,
            "s": "\ud800",
        },
    }


def test_json_that_is_too_deep_becomes_text():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    read = json.loads(encode({"type": "odd", "payload": "x", "fields": {"deep": deep, "n": 1}}))
    assert read["fields"]["n"] == 1
    while deep:  # taken apart by hand: an interpreter may not free such a depth at once
        deep = deep.pop()


def test_message_that_is_not_an_envelope():
    assert json.loads(encode({"odd": {(1,): 2}})) == {"odd": "{(1,): 2}"}


def test_pid_in_a_forked_child(client):
    reading, writing = os.pipe()

    def work() -> None:
        client.metlog("from the child")
        os.write(writing, client.sender.msgs[-1].encode())

    child = in_child(work)
    assert succeeded(child)
    message = json.loads(os.read(reading, 65536))
    os.close(reading)
    os.close(writing)
    assert message["metlog_pid"] == child
