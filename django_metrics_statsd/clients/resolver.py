"""Turns a server's name into an address: late, with a time to live, keeping the last good one."""

from __future__ import annotations

import socket
from time import monotonic
from typing import Any

from django_metrics_statsd.address import Address
from django_metrics_statsd.safety import say_once

#: Seconds before a name that could not be resolved is tried again.
RETRY = 5.0

Endpoint = tuple[int, Any]  # address family, socket address


class Resolver:
    """Knows where a server is. Never called from a constructor; the first flush asks first."""

    def __init__(self, address: Address, ttl: float) -> None:
        self._address, self._ttl = address, ttl
        self._found: Endpoint | None = None
        self._good_until = 0.0

    def __call__(self) -> Endpoint | None:
        """Return ``(family, sockaddr)``, or None when the name has never been resolved."""
        if self._address.is_unix:
            return socket.AF_UNIX, self._address.path
        now = monotonic()
        if now >= self._good_until:
            self._look_up(now)
        return self._found

    def _look_up(self, now: float) -> None:
        try:
            self._found = self._ask()
        except (OSError, ValueError) as error:  # ValueError: a host with a NUL, or too long for IDNA
            self._good_until = now + RETRY
            say_once("resolver", "cannot resolve the StatsD server %s: %s", self._address, error)
            return
        self._good_until = now + self._ttl if self._ttl else float("inf")

    def _ask(self) -> Endpoint:
        address = self._address
        family = socket.AF_INET6 if address.scheme.endswith("6") else socket.AF_UNSPEC
        kind = socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM
        found = socket.getaddrinfo(address.host, address.port, family, kind)
        # IPv4 first: "localhost" is ::1 too, and Etsy's daemon listens on IPv4 unless told otherwise.
        found.sort(key=lambda item: item[0] != socket.AF_INET)
        return found[0][0], found[0][4]
