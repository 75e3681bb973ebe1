"""The kept connection: one for many requests, come back after it was closed, time limits, no secrets told."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from django_metrics_statsd.hits.storages import Unavailable
from django_metrics_statsd.hits.storages.http import Link, Server
from tests.hits.loopback import loopback
from tests.services.harness import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def link(port: int, timeout: float = 5.0, *secrets: str) -> Iterator[Link]:
    made = Link(Server("127.0.0.1", port, timeout=timeout), {"X-Who": "us"}, secrets)
    yield made
    made.close()


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server that does this with each connection."""
    ended = threading.Event()

    def serve(listener: socket.socket) -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            with connection:
                answer(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.02)
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        ended.set()
        thread.join()


def test_one_connection_carries_all_requests() -> None:
    with loopback(status=200, text=b"fine") as server, link(server.port) as kept:
        answers = [kept.post("/a?b=c", b"body", {"X-More": "1"}) for _ in range(5)]
    assert {(each.status, each.text) for each in answers} == {(200, "fine")}
    assert len({each.client for each in server.asked}) == 1
    first = server.asked[0]
    assert (first.target, first.body) == ("/a?b=c", b"body")
    assert (first.headers["X-Who"], first.headers["X-More"]) == ("us", "1")


def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    with loopback(hang_up=True) as server, link(server.port) as kept:
        for _ in range(5):
            assert kept.post("/").status == 204
            time.sleep(0.02)  # the server's end of the connection is closed after the answer
    assert len(server.asked) == 5
    assert len({each.client for each in server.asked}) == 5


def test_a_server_that_only_ever_hangs_up_is_unavailable() -> None:
    asked = []

    def hang_up(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))

    with raw(hang_up) as port, link(port) as kept:
        for _ in range(3):
            with pytest.raises(Unavailable, match=f"127.0.0.1:{port} cannot be reached: it closed the conn"):
                kept.post("/")
    assert len(asked) == 3


def test_nobody_there_is_unavailable() -> None:
    with link(free_port()) as kept, pytest.raises(Unavailable, match="cannot be reached: Connection refused"):
        kept.post("/")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70, "a..b", "[", "\udcff"])
def test_a_host_that_is_none_is_unavailable(host: str) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        Link(Server(host, 1, timeout=5), {}).post("/")


def test_no_answer_in_time_is_unavailable() -> None:
    ended = threading.Event()
    with raw(lambda connection: bool(ended.wait(5)) or None) as port, link(port, 0.1) as kept:
        with pytest.raises(Unavailable, match=r"gave no answer within 0\.1 s"):
            kept.post("/", b"x" * 10_000_000)
        ended.set()


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000])
def test_what_is_no_http_is_unavailable(said: bytes) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(said)

    with raw(answer) as port, link(port) as kept:
        with pytest.raises(Unavailable, match="cannot be reached"):
            kept.post("/")


def test_a_long_answer_is_cut_and_the_next_one_is_its_own() -> None:
    with loopback(status=500, text=b"x" * 10_000_000) as server, link(server.port) as kept:
        assert len(kept.post("/").text) == 65_536
        server.text = b"short"
        assert kept.post("/").text == "short"


def test_secrets_are_not_repeated() -> None:
    with loopback(status=403, text=b"no pass for pass word") as server:
        with link(server.port, 5, "pass", "pass word", "") as kept:
            assert kept.post("/").text == "no *** for ***"
            assert "pass" not in repr(kept)


_FORKING = """
import os, sys
from django_metrics_statsd.hits.storages.http import Link, Server

kept = Link(Server("127.0.0.1", int(sys.argv[1])), {})
kept.post("/parent")
child = os.fork()
if child == 0:
    kept.post("/child")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
kept.post("/parent")
kept.close()
"""


def test_a_child_process_opens_its_own_connection() -> None:
    with loopback(status=200) as server:
        subprocess.run([sys.executable, "-c", _FORKING, str(server.port)], cwd=ROOT, check=True)
    first, second, third = server.asked
    assert first.client == third.client != second.client


def test_a_server_shows_itself_as_a_url() -> None:
    assert str(Server("h", 80, path="/x")) == "http://h:80/x"
    assert str(Server("::1", 443, tls=True)) == "https://[::1]:443"
