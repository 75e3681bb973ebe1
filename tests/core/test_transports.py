from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from django_metrics_statsd.address import parse
from django_metrics_statsd.clients import transports as module
from django_metrics_statsd.clients.transports import Transport, make_transport

KINDS = {
    "udp": (socket.AF_INET, socket.SOCK_DGRAM),
    "udp6": (socket.AF_INET6, socket.SOCK_DGRAM),
    "unix": (socket.AF_UNIX, socket.SOCK_DGRAM),
    "tcp": (socket.AF_INET, socket.SOCK_STREAM),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM),
    "unixstream": (socket.AF_UNIX, socket.SOCK_STREAM),
}


class Server:
    """A server of any kind on loopback."""

    def __init__(self, scheme: str, folder: Path, where: Any = None) -> None:
        family, self.kind = KINDS[scheme]
        self.scheme, self.connection = scheme, None
        self.listening = socket.socket(family, self.kind)
        self.listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        here = (
            str(folder / "s")
            if family == socket.AF_UNIX
            else ("::1" if family == socket.AF_INET6 else "127.0.0.1", 0)
        )
        self.listening.bind(where or here)
        self.listening.settimeout(5)
        if self.kind == socket.SOCK_STREAM:
            self.listening.listen()
        self.where = self.listening.getsockname()

    connection: socket.socket | None

    @property
    def url(self) -> str:
        if self.scheme.startswith("unix"):
            return f"{self.scheme}://{self.where}"
        host = f"[{self.where[0]}]" if ":" in self.where[0] else self.where[0]
        return f"{self.scheme}://{host}:{self.where[1]}"

    def read(self, size: int = 65_535) -> bytes:
        if self.kind == socket.SOCK_DGRAM:
            return self.listening.recv(size)
        if self.connection is None:
            self.connection, _ = self.listening.accept()
            self.connection.settimeout(5)
        return self.connection.recv(size)

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def close(self) -> None:
        self.hang_up()
        self.listening.close()


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def serve(ends: ExitStack, tmp_path: Path) -> Callable[..., Server]:
    def start(scheme: str, where: Any = None) -> Server:
        server = Server(scheme, tmp_path, where)
        ends.callback(server.close)
        return server

    return start


@pytest.fixture
def to(ends: ExitStack) -> Callable[..., Transport]:
    def make(url: str, timeout: float = 0.2) -> Transport:
        transport = make_transport(parse(url), timeout, 60)
        ends.callback(transport.close)
        return transport

    return make


@pytest.mark.parametrize("scheme", KINDS)
def test_a_packet_arrives_whole(
    scheme: str, serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve(scheme)
    transport = to(server.url)
    assert transport.blocking == (server.kind == socket.SOCK_STREAM)
    end = b"\n" if transport.blocking else b""
    for packet in (b"a:1|c\nb:2|c", b"c:3|c"):
        assert transport.send(packet) == ""
        assert server.read() == packet + end


@pytest.mark.parametrize("scheme", KINDS)
def test_closed_and_abandoned_transports_open_again(
    scheme: str, serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve(scheme)
    transport = to(server.url)
    for end in (transport.close, transport.abandon):
        assert transport.send(b"a:1|c") == ""
        assert server.read().startswith(b"a:1|c")
        end()
        end()
        server.hang_up()
    assert transport.send(b"b:1|c") == ""
    assert server.read().startswith(b"b:1|c")


@pytest.mark.parametrize("url", ["udp://no-such-host.invalid", "tcp://no-such-host.invalid"])
def test_an_unknown_host(url: str, to: Callable[..., Transport]) -> None:
    transport = to(url)
    assert [transport.send(b"a:1|c"), transport.send(b"a:1|c")] == ["unknown_host"] * 2


def test_a_refused_datagram_is_counted_when_the_kernel_tells_and_the_next_goes(
    serve: Callable[..., Server], to: Callable[..., Transport], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve("udp")
    transport = to(server.url)
    server.close()
    assert transport.send(b"lost:1|c") == ""  # UDP cannot know yet
    again = serve("udp", server.where)
    assert transport.send(b"a:1|c") == "refused"
    assert transport.send(b"b:1|c") == ""
    assert (again.read(), again.read()) == (b"a:1|c", b"b:1|c")
    assert len(caplog.records) == 1
    assert "nobody takes stats at udp://" in caplog.text


def test_a_unix_socket_that_nobody_listens_on_any_more(
    serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve("unix")
    transport = to(server.url)
    assert transport.send(b"a:1|c") == ""
    server.close()
    assert transport.send(b"a:1|c") == "unreachable"
    Path(server.where).unlink()
    assert transport.send(b"a:1|c") == "unreachable"
    again = serve("unix")
    assert transport.send(b"b:1|c") == ""
    assert again.read() == b"b:1|c"


def test_a_unix_server_that_started_anew_is_found(
    serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve("unix")
    transport = to(server.url)
    transport.send(b"a:1|c")
    server.close()
    Path(server.where).unlink()
    again = serve("unix")
    assert transport.send(b"b:1|c") in {"", "refused"}
    assert again.read() == b"b:1|c"


def test_a_full_socket_drops_at_once(serve: Callable[..., Server], to: Callable[..., Transport]) -> None:
    server = serve("unix")
    transport = to(server.url)
    reasons = [transport.send(b"x" * 1_000) for _ in range(2_000)]
    assert set(reasons) == {"", "socket_full"}
    server.read()
    assert "" in [transport.send(b"a:1|c") for _ in range(3)]


def test_a_datagram_that_is_too_long(serve: Callable[..., Server], to: Callable[..., Transport]) -> None:
    server = serve("udp")
    transport = to(server.url)
    assert transport.send(b"x" * 70_000) == "too_long"
    assert transport.send(b"a:1|c") == ""
    assert server.read() == b"a:1|c"


@pytest.mark.parametrize("scheme", ["tcp", "unixstream"])
def test_a_stream_backs_off_and_comes_back(
    scheme: str,
    serve: Callable[..., Server],
    to: Callable[..., Transport],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    server = serve(scheme)
    where, url = server.where, server.url
    server.close()
    if scheme == "unixstream":
        Path(where).unlink()
    transport = to(url)
    pauses = []
    for _ in range(9):
        assert transport.send(b"a:1|c") == "unreachable"
        begin = now[0]
        while transport.send(b"a:1|c") == "backing_off":
            now[0] += 0.25
            assert now[0] - begin <= 60
            if now[0] - begin == min(0.5 * 2 ** len(pauses), 60):
                break
        pauses.append(now[0] - begin)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert len(caplog.records) == 1
    again = serve(scheme, where)
    assert transport.send(b"b:1|c") == ""
    assert again.read() == b"b:1|c\n"


@pytest.mark.parametrize("scheme", ["tcp", "unixstream"])
def test_a_server_that_hung_up_is_noticed_before_a_packet_is_lost(
    scheme: str, serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve(scheme)
    transport = to(server.url)
    assert transport.send(b"a:1|c") == ""
    server.read()
    server.hang_up()
    assert transport.send(b"b:1|c") == ""
    assert server.read() == b"b:1|c\n"


def test_a_server_that_talks_is_no_server_that_hung_up(
    serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve("tcp")
    transport = to(server.url)
    transport.send(b"a:1|c")
    server.read()
    assert server.connection is not None
    server.connection.sendall(b"welcome")
    assert transport.send(b"b:1|c") == ""
    assert server.read() == b"b:1|c\n"


def test_a_server_that_hangs_costs_its_timeout_once(
    serve: Callable[..., Server], to: Callable[..., Transport]
) -> None:
    server = serve("tcp")
    transport = to(server.url, timeout=0.05)
    packet = b"x" * 65_000
    reasons = []
    while not reasons or not reasons[-1]:
        reasons.append(transport.send(packet))
    assert reasons[-1] == "timeout"
    assert transport.send(packet) == "backing_off"


def test_nothing_is_opened_before_the_first_packet(to: Callable[..., Transport], tmp_path: Path) -> None:
    before = threading.active_count()
    for url in ("udp://no-such-host.invalid", "tcp://127.0.0.1:1", f"unix://{tmp_path}/none"):
        to(url).close()
    assert threading.active_count() == before
