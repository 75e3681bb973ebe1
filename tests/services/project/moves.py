"""A StatsD server whose name comes to mean another address."""

from __future__ import annotations

import socket
import time
from typing import Any

from django_metrics_statsd.clients import statsd

real = socket.getaddrinfo
HOST = "statsd.test"


class Names:
    """Stands in for the name service: answers with the port it was told to, or fails."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked = 0
        self.broken = False

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != HOST:
            return real(host, port, *args, **kwargs)
        self.asked += 1
        if self.broken:
            raise socket.gaierror(socket.EAI_AGAIN, "the name service is away")
        return real("127.0.0.1", self.port, *args, **kwargs)


def moving(first: str, second: str, ttl: str) -> dict[str, Any]:
    """Emit one count each: before the move, after it, and while nobody can tell where it is."""
    names = Names(int(first))
    socket.getaddrinfo = names
    say("before")
    names.port = int(second)
    say("at.once")
    asked_early = names.asked
    time.sleep(float(ttl) + 0.1)
    say("after")
    names.broken = True
    time.sleep(float(ttl) + 0.1)
    say("broken")
    return {"asked_early": asked_early, "asked": names.asked}


def say(stat: str) -> None:
    statsd.incr(stat)
    statsd.flush(timeout=3)
