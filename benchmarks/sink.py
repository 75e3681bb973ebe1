"""A StatsD server's receiving end: a loopback socket that a thread reads and counts."""

from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Self

_SAMPLE = re.compile(rb"^[^:\n]+:([-+0-9.eE:]+)\|(c|ms|h|g|s|d)(?:\|@([0-9.eE+-]+))?", re.MULTILINE)
_RECEIVE_BUFFER = 8 << 20
#: Seconds without a datagram after which no more are expected.
_QUIET = 0.2


@dataclass
class Sink:
    """Counts datagrams, bytes and the events they stand for, from one address."""

    datagrams: int = 0
    bytes: int = 0
    events: float = 0
    last: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._read, name="sink")
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()

    @property
    def port(self) -> int:
        """The port to send to."""
        return int(self._socket.getsockname()[1])

    def take(self) -> Sink:
        """Wait until nothing more comes, then return what came and start from nought."""
        self.last = time.monotonic()
        while time.monotonic() - self.last < _QUIET:
            time.sleep(_QUIET / 5)
        taken = Sink(self.datagrams, self.bytes, self.events)
        self.datagrams, self.bytes, self.events = 0, 0, 0
        return taken

    def _read(self) -> None:
        while data := self._socket.recv(65_536):
            self.datagrams += 1
            self.bytes += len(data)
            self.events += sum(map(_events, _SAMPLE.finditer(data)))
            self.last = time.monotonic()


def _events(sample: re.Match[bytes]) -> float:
    """Return how many calls one line stands for: a counter's value, a sampled line's 1/rate."""
    values, kind, rate = sample.groups()
    count = float(values) if kind == b"c" else values.count(b":") + 1
    return count / float(rate or 1)
