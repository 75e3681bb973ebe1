"""How packets leave the process: datagrams (UDP, Unix) and streams (TCP, Unix).

A transport never raises and never resolves or connects before its first packet. It says per packet
whether it went, and for what reason not.
"""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from time import monotonic
from typing import Protocol

from django_metrics_statsd.address import Address
from django_metrics_statsd.clients.resolver import Endpoint, Resolver
from django_metrics_statsd.safety import say_once

#: Seconds between attempts to connect: the first pause, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0


class Transport(Protocol):
    """Moves packets. `blocking` says whether `send` may have to wait for the other side."""

    blocking: bool

    @property
    def ready(self) -> bool:
        """Whether it is known where to send to: else `send` asks first, which may take long."""
        ...

    def send(self, packet: bytes) -> str:
        """Send one packet of whole lines; return ``""`` or, in a word, why it was dropped."""
        ...

    def close(self) -> None:
        """Let go of the socket. The next packet opens another."""
        ...

    def abandon(self) -> None:
        """Forget a socket inherited over a fork, without saying goodbye to the peer."""
        ...


def make_transport(address: Address, timeout: float, ttl: float) -> Transport:
    """Return the transport for an address. `timeout` and `ttl` are in seconds."""
    resolver = Resolver(address, ttl)
    if address.is_stream:
        return StreamTransport(resolver, timeout, str(address))
    return DatagramTransport(resolver, str(address))


class _Socketed:
    """Holds one socket and the endpoint it is connected to."""

    kind: int

    def __init__(self, resolver: Resolver, label: str) -> None:
        self._resolver, self._label = resolver, label
        self._socket: socket.socket | None = None
        self._endpoint: Endpoint | None = None

    def close(self) -> None:
        """Let go of the socket. The next packet opens another."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()
        self._socket = self._endpoint = None

    @property
    def ready(self) -> bool:
        return self._resolver.fresh

    # Closing our copy of the descriptor says nothing to the peer: the parent still holds the other.
    abandon = close

    def _open(self, endpoint: Endpoint, timeout: float) -> socket.socket:
        family, where = endpoint
        opened = socket.socket(family, self.kind)
        try:
            opened.settimeout(timeout)
            opened.connect(where)
        except OSError:
            opened.close()
            raise
        self._socket, self._endpoint = opened, endpoint
        return opened


class DatagramTransport(_Socketed):
    """UDP and Unix datagrams: never waits. A full socket buffer drops the packet."""

    blocking = False
    kind = socket.SOCK_DGRAM

    def send(self, packet: bytes) -> str:
        """Send one datagram, which is the packet."""
        endpoint = self._resolver()
        if endpoint is None:
            return "unknown_host"
        if endpoint != self._endpoint:
            self.close()
        try:
            return self._deliver(packet, endpoint)
        except BlockingIOError:
            return "socket_full"
        except OSError as error:
            self.close()
            say_once("datagram", "cannot send stats to %s: %s", self._label, error)
            return "too_long" if error.errno == errno.EMSGSIZE else "unreachable"

    def _deliver(self, packet: bytes, endpoint: Endpoint) -> str:
        opened = self._socket or self._open(endpoint, 0.0)
        try:
            opened.send(packet)
        except ConnectionRefusedError as error:
            # Over UDP the kernel says here that an *earlier* datagram was refused, and has not sent this
            # one: send it, as the server may be back, and count the one that was lost.
            say_once("datagram", "nobody takes stats at %s: %s", self._label, error)
            if isinstance(endpoint[1], str):  # a Unix socket's path
                self.close()
                opened = self._open(endpoint, 0.0)
            opened.send(packet)
            return "refused"
        return ""


class StreamTransport(_Socketed):
    """TCP and Unix streams: connects late, waits at most `timeout` seconds, backs off when it failed."""

    blocking = True
    kind = socket.SOCK_STREAM

    def __init__(self, resolver: Resolver, timeout: float, label: str) -> None:
        super().__init__(resolver, label)
        self._timeout = timeout
        self._pause = FIRST_PAUSE
        self._not_before = 0.0

    def send(self, packet: bytes) -> str:
        """Send the packet's lines, each ended: the daemon drops an unended line when we leave."""
        if self._socket is None and monotonic() < self._not_before:
            return "backing_off"
        endpoint = self._resolver()
        if endpoint is None:
            return "unknown_host"
        try:
            self._deliver(packet + b"\n", endpoint)
        except TimeoutError:
            return self._give_up("timeout", "did not take stats in time")
        except OSError as error:
            return self._give_up("unreachable", error)
        self._pause = FIRST_PAUSE
        return ""

    def _deliver(self, data: bytes, endpoint: Endpoint) -> None:
        opened = self._socket
        if opened is not None and (endpoint != self._endpoint or _hung_up(opened)):
            self.close()
            opened = None
        (opened or self._open(endpoint, self._timeout)).sendall(data)

    def _give_up(self, reason: str, error: object) -> str:
        self.close()
        say_once("stream", "cannot send stats to %s: %s", self._label, error)
        self._not_before = monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return reason


def _hung_up(opened: socket.socket) -> bool:
    """Whether the server has closed the connection. Without asking, the next packet would vanish."""
    # A socket with a timeout waits before each recv, whatever the flags: ask without one.
    timeout = opened.gettimeout()
    opened.setblocking(False)
    try:
        return opened.recv(4096) == b""
    except BlockingIOError:
        return False
    finally:
        opened.settimeout(timeout)
