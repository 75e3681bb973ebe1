from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from django_metrics_statsd.metlog import MetlogClient, client_from_dict_config
from django_metrics_statsd.metlog.senders import UdpSender, udp
from tests.metlog.forking import in_child, succeeded


def receiver(family: int = socket.AF_INET) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.settimeout(5)
    opened.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    return opened


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with receiver() as opened:
        yield opened


@pytest.fixture
def sender(server: socket.socket) -> Iterator[UdpSender]:
    made = UdpSender("127.0.0.1", server.getsockname()[1])
    yield made
    made.close()


def received(server: socket.socket) -> dict:
    return json.loads(server.recv(65536))


def test_message_arrives_whole(server, sender):
    client = MetlogClient(sender, "tests")
    client.incr("jobs", 3)
    message = received(server)
    assert list(message)[:2] == ["type", "timestamp"]
    assert (message["type"], message["payload"]) == ("counter", "3")
    assert message["fields"] == {"name": "jobs", "rate": 1.0}
    assert client.flush(5)
    counts = client.telemetry()
    assert (counts["sent"], counts["packets"], counts["dropped"]) == (1, 1, {})
    assert counts["bytes"] > 100


def test_order_is_kept(server, sender):
    for number in range(200):
        sender.send_message({"n": number})
        if number % 50 == 49:
            assert sender.flush(5)
    assert [received(server)["n"] for _ in range(200)] == list(range(200))


def test_several_hosts_get_each_message(server):
    with receiver() as other:
        ports = [server.getsockname()[1], str(other.getsockname()[1])]
        sender = UdpSender(["127.0.0.1", "localhost"], ports)
        sender.send_message({"n": 1})
        assert received(server) == received(other) == {"n": 1}
        sender.close()


def test_ipv6_address():
    with receiver(socket.AF_INET6) as server:
        sender = UdpSender("::1", server.getsockname()[1])
        sender.send_message({"n": 1})
        assert received(server) == {"n": 1}
        sender.close()


@pytest.mark.parametrize(
    ("host", "port", "expected"),
    [
        ("a", 1, [("a", 1)]),
        ("a", "1", [("a", 1)]),
        (["a", "b"], 1, [("a", 1), ("b", 1)]),
        (["a", "b"], "5566", [("a", 5566), ("b", 5566)]),
        (["a", "b", "c"], [1, 2], [("a", 1), ("b", 2), ("c", 2)]),
        (("a",), (1, 2), [("a", 1)]),
    ],
)
def test_hosts_and_ports_are_paired(host, port, expected):
    sender = UdpSender(host, port)
    assert [(each.host, each.port) for each in sender.destinations] == expected


@pytest.mark.parametrize(
    ("host", "port"), [("a", 0), ("a", 65536), ("a", "x"), ("a", -1), ([], 1), ("a", [])]
)
def test_wrong_ports_and_hosts(host, port):
    with pytest.raises(ValueError, match="UdpSender"):
        UdpSender(host, port)


def test_nothing_is_resolved_or_started_before_the_first_message(monkeypatch):
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: asked.append(args))
    before = threading.active_count()
    client_from_dict_config(
        {"sender": {"class": "metlog.senders.UdpSender", "host": "metlog.invalid", "port": 5565}}
    )
    assert asked == []
    assert threading.active_count() == before


def test_slow_and_failing_name_server_is_not_the_callers_problem(monkeypatch, caplog):
    """The name is looked up in another thread; the messages are dropped and counted."""
    release, asked_in = threading.Event(), []

    def slow(*args: object) -> list:
        asked_in.append(threading.current_thread())
        release.wait(10)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    client = MetlogClient(UdpSender("metlog.invalid", 5565))
    started = time.perf_counter()
    with caplog.at_level(logging.WARNING, "django_metrics_statsd"):
        for _ in range(100):
            client.incr("x")
        assert time.perf_counter() - started < 1
        assert client.flush(0.01) is False
        release.set()
        assert client.flush(10)
    assert len(asked_in) == 1
    assert asked_in[0] is not threading.current_thread()
    assert client.telemetry()["dropped"] == {"unknown_host": 100}
    assert len(caplog.records) == 1
    client.sender.close()


def test_nobody_listening_is_counted_not_raised():
    with receiver() as closed:
        port = closed.getsockname()[1]
    client = MetlogClient(UdpSender("127.0.0.1", port))
    for _ in range(5):
        client.incr("x")
        assert client.flush(5)
    assert sum(client.telemetry()["dropped"].values()) > 0
    client.sender.close()


def test_message_too_long_for_a_datagram(server, sender):
    client = MetlogClient(sender)
    client.metlog("x", payload="y" * 70_000)
    client.metlog("x", payload="short")
    assert client.flush(5)
    assert client.telemetry()["dropped"] == {"too_long": 1}
    assert received(server)["payload"] == "short"


def test_buffer_is_bounded(monkeypatch, sender):
    monkeypatch.setattr(udp, "MAX_WAITING", 10)
    assert sender._draining.acquire(timeout=5)
    for number in range(25):
        sender.send_message({"n": number})
    assert sender.counts.dropped == {"buffer_full": 15}
    sender._draining.release()
    assert sender.flush(5)
    assert sender.counts.packets == 10


def test_failure_while_sending_does_not_hold_up_the_rest(monkeypatch, server, sender):
    def fail(packet: bytes) -> str:
        raise MemoryError

    sender.send_message({"n": 1})
    assert received(server) == {"n": 1}
    [transport] = sender._transports
    with monkeypatch.context() as patch:
        patch.setattr(transport, "send", fail)
        sender.send_message({"n": 2})
        assert sender.flush(5)
    sender.send_message({"n": 3})
    assert received(server) == {"n": 3}
    assert sender.counts.dropped == {"sender": 1}


def test_close_then_send_again(server, sender):
    for number in range(2):
        sender.send_message({"n": number})
        sender.close()
        assert received(server) == {"n": number}


def test_forked_child_sends_its_own_and_only_its_own(server, sender):
    client = MetlogClient(sender)
    client.metlog("parent")
    assert received(server)["metlog_pid"] == os.getpid()
    assert sender.flush(5)
    assert sender._draining.acquire(timeout=5)  # what waits in the parent now must go once
    client.metlog("parent waits")

    def work() -> None:
        client.metlog("child")
        assert client.flush(5)

    child = in_child(work)
    assert succeeded(child)
    sender._draining.release()
    assert sender.flush(5)
    messages = [received(server), received(server)]
    pids = {message["type"]: message["metlog_pid"] for message in messages}
    assert pids == {"child": child, "parent waits": os.getpid()}
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(65536)


def test_fork_that_ran_no_python_hooks(server, sender):
    """uWSGI may fork without telling Python: the changed process id is what shows it."""
    sender.send_message({"n": 1})
    assert received(server) == {"n": 1}
    sender._worker.stop(5)
    sender._worker.pid = -1
    sender.send_message({"n": 2})
    assert received(server) == {"n": 2}
    assert sender._worker.pid == os.getpid()


ENVIRONMENT = {"PATH": "", "PYTHONPATH": ":".join(path for path in sys.path if path)}
SCRIPT = """
import sys
from django_metrics_statsd.metlog import client_from_dict_config
client = client_from_dict_config(
    {"sender": {"class": "metlog.senders.UdpSender", "host": "127.0.0.1", "port": int(sys.argv[1])}}
)
for number in range(100):
    client.metlog("last", payload=number)
"""


def test_what_waits_at_exit_is_sent(server):
    port = str(server.getsockname()[1])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, port],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert [received(server)["payload"] for _ in range(100)] == [str(n) for n in range(100)]


def test_where_the_thread_does_not_run_the_caller_sends(monkeypatch, server, sender):
    """uWSGI without threads: the thread is there, but only requests run."""
    sender.send_message({"n": 1})
    assert received(server) == {"n": 1}
    assert sender.flush(5)
    monkeypatch.setattr(sender._worker, "wake", lambda: None)
    monkeypatch.setattr(udp, "INTERVAL", 0.01)
    sender._worker.stop(5)
    sender._worker._thread = threading.current_thread()  # alive, and does not send
    for number in (2, 3):
        sender.send_message({"n": number})
        time.sleep(0.05)
    assert [received(server)["n"] for _ in range(2)] == [2, 3]
    sender._waiting.append(b'{"n": 4}')
    assert sender.flush(5)
    assert received(server) == {"n": 4}
    sender._worker._thread = None


def test_sigterm_sends_what_waits(server):
    script = SCRIPT + (
        "import os, signal\n"
        "from django_metrics_statsd.background import handle_sigterm\n"
        "handle_sigterm()\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    port = str(server.getsockname()[1])
    done = subprocess.run([sys.executable, "-c", script, port], env=ENVIRONMENT, capture_output=True)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, b"")
    assert received(server)["payload"] == "0"
    assert [received(server)["payload"] for _ in range(99)][-1] == "99"
