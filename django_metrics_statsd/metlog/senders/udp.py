"""Messages as UDP datagrams, one JSON object each, sent from a thread of their own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Sequence
from itertools import zip_longest
from time import monotonic, sleep
from typing import TYPE_CHECKING

from django_metrics_statsd.address import Address
from django_metrics_statsd.background import Worker, look_after
from django_metrics_statsd.metlog.envelope import Message, encode
from django_metrics_statsd.safety import Telemetry, failed

if TYPE_CHECKING:
    from django_metrics_statsd.clients.transports import Transport

#: How many messages may wait to be sent; past that, new ones are dropped and counted.
MAX_WAITING = 10_000
#: Seconds after which the thread looks for messages, had it not been woken.
INTERVAL = 1.0
#: Seconds for which a resolved name is used.
DNS_TTL = 60.0


class UdpSender:
    """Sends messages to one or several hosts without making the caller wait.

    The caller only writes the JSON and leaves it in a bounded buffer. A daemon thread, started with
    the first message, resolves names and sends; what waits when the process ends is sent then.

    Args:
        host: a name or address, or several.
        port: a port, or one for each host; with fewer ports than hosts, the last serves the rest.

    Raises:
        ValueError: a port is not a number from 1 to 65535, or there is no host or no port.
    """

    def __init__(self, host: str | Sequence[str], port: int | str | Sequence[int | str]) -> None:
        self.destinations = _destinations(host, port)
        self.counts = Telemetry()
        self._waiting: deque[bytes] = deque()
        self._transports: list[Transport] = []
        self._worker = Worker(self._drain, INTERVAL, "metlog.udp")
        self._draining = threading.Lock()
        self._overdue = 0.0
        look_after(self)

    def send_message(self, msg: Message) -> None:
        """Leave one message to be sent."""
        if self._worker.pid != os.getpid():  # a fork that ran no Python hooks
            self.reset()
        if len(self._waiting) >= MAX_WAITING:
            self.counts.drop("buffer_full")
        else:
            self._waiting.append(encode(msg).encode())
        if len(self._waiting) == 1:
            self._overdue = monotonic() + 3 * INTERVAL
            self._worker.start()
            self._worker.wake()
        elif self._stalled():
            self._worker.start()
            self._drain()

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all is sent, at most `timeout` seconds; say whether it is."""
        deadline = monotonic() + (5.0 if timeout is None else timeout)
        while self._waiting and monotonic() < deadline:
            # No wake-up from here: in a signal handler its lock may be held by what was interrupted.
            if self._stalled():
                self._drain()
            sleep(0.005)
        return not self._waiting

    def close(self) -> None:
        """Send what waits, end the thread, close the sockets. The next message starts anew."""
        self.flush()
        self._worker.stop(1.0)
        self._close_sockets()

    def reset(self) -> None:
        """Start anew in a child process: what waited is the parent's to send."""
        self._waiting = deque()
        self._draining = threading.Lock()
        self._worker.reset()
        self._close_sockets()

    def _close_sockets(self) -> None:
        transports, self._transports = self._transports, []
        for transport in transports:
            transport.close()

    def _stalled(self) -> bool:
        """Whether the thread is gone, or does not get to run (uWSGI without threads)."""
        return not self._worker.alive or monotonic() > self._overdue

    def _drain(self) -> None:
        waiting, draining = self._waiting, self._draining
        if not draining.acquire(blocking=False):
            return  # another thread is at it
        try:
            while waiting:
                self._deliver(waiting[0])
                self._overdue = monotonic() + 3 * INTERVAL
                waiting.popleft()  # only now: `flush` waits for an empty buffer
        finally:
            draining.release()

    def _deliver(self, packet: bytes) -> None:
        try:
            self._send(packet)
        except Exception:
            self.counts.drop("sender")
            failed("metlog.udp")

    def _send(self, packet: bytes) -> None:
        if not self._transports:
            self._transports = _transports(self.destinations)
        for transport in self._transports:
            problem = transport.send(packet)
            if problem:
                self.counts.drop(problem)
                continue
            self.counts.packets += 1
            self.counts.bytes += len(packet)


def _transports(destinations: Sequence[Address]) -> list[Transport]:
    # Imported at the first message: settings modules import this one, and clients read settings.
    from django_metrics_statsd.clients.transports import make_transport

    return [make_transport(address, timeout=1.0, ttl=DNS_TTL) for address in destinations]


def _destinations(host: str | Sequence[str], port: int | str | Sequence[int | str]) -> tuple[Address, ...]:
    hosts = [host] if isinstance(host, str) else list(host)
    ports = [_port(item) for item in ([port] if isinstance(port, (int, str)) else port)]
    if not hosts or not ports:
        raise ValueError(f"UdpSender needs a host and a port; it got {host!r} and {port!r}")
    pairs = zip_longest(hosts, ports[: len(hosts)], fillvalue=ports[-1])
    return tuple(Address("udp", str(name), int(number)) for name, number in pairs)


def _port(value: int | str) -> int:
    number = int(value) if str(value).isdecimal() else 0
    if not 0 < number < 65536:
        raise ValueError(f"UdpSender's port is {value!r}; write a number from 1 to 65535")
    return number
