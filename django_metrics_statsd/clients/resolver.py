"""Turns a server's name into an address: late, with a time to live, keeping the last good one."""

from __future__ import annotations

import socket
from ipaddress import ip_address
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
        self._is_number = _is_number(address.host)
        self._found: Endpoint | None = None
        self._good_until = 0.0

    def __call__(self) -> Endpoint | None:
        """Return ``(family, sockaddr)``, or None when the name has never been resolved."""
        if self._address.is_unix:
            return socket.AF_UNIX, self._address.path
        if monotonic() >= self._good_until:
            self._look_up()
        return self._found

    @property
    def fresh(self) -> bool:
        """Whether it can say so without asking anybody, which may take as long as it takes."""
        return self._address.is_unix or self._is_number or monotonic() < self._good_until

    def _look_up(self) -> None:
        try:
            self._found = self._ask()
        except (OSError, ValueError) as error:  # ValueError: a host with a NUL, or too long for IDNA
            self._good_until = monotonic() + RETRY  # from now: the question may have taken longer
            say_once("resolver", "cannot resolve the StatsD server %s: %s", self._address, error)
            return
        self._good_until = monotonic() + self._ttl if self._ttl else float("inf")

    def _ask(self) -> Endpoint:
        address = self._address
        family = socket.AF_INET6 if address.scheme.endswith("6") else socket.AF_UNSPEC
        kind = socket.SOCK_STREAM if address.is_stream else socket.SOCK_DGRAM
        found = socket.getaddrinfo(address.host, address.port, family, kind)
        # IPv4 first: "localhost" is ::1 too, and Etsy's daemon listens on IPv4 unless told otherwise.
        found.sort(key=lambda item: item[0] != socket.AF_INET)
        return found[0][0], found[0][4]


def _is_number(host: str) -> bool:
    """Whether this is an IP address, which needs no name server."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
