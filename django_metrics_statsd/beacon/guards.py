"""Ready-made guards: functions of the request that return None to let a beacon in, or a response.

Write one, its dotted path, or a list of them into ``STATSD_RECORD_GUARD``. Those that neither wait nor use
a cache have ``blocks = False``: under ASGI they run in the event loop, all others in a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from time import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.cache import caches
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from django_metrics_statsd.beacon import agents
from django_metrics_statsd.conf import conf, debug, project_setting

Guard = Callable[[HttpRequest], Any]


def refuse(reason: str, status: int = 403) -> HttpResponse:
    """Return a response that refuses a beacon, counted as ``…beacon.refused.{reason}``.

    `reason` must be one of a few words, never data. With DEBUG the response says it.
    """
    said = f"Refused: {reason}.\n" if debug() and status != 204 else ""
    response = HttpResponse(said, status=status, content_type="text/plain")
    response.beacon_reason = reason  # type: ignore[attr-defined]
    return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """Refuse everybody: stands in for a guard that cannot be imported."""
    return refuse("guard_error")


def honour_privacy(request: HttpRequest) -> HttpResponse | None:
    """Leave out visitors who ask not to be tracked: ``DNT: 1`` or ``Sec-GPC: 1`` (Global Privacy Control)."""
    meta = request.META
    return refuse("privacy", 204) if meta.get("HTTP_DNT") == "1" or meta.get("HTTP_SEC_GPC") == "1" else None


def same_origin(request: HttpRequest) -> HttpResponse | None:
    """Let in pages of this host and of ``STATSD_RECORD_ORIGINS``, by what the browser says of itself.

    ``Sec-Fetch-Site`` decides where there is one (Fetch Metadata, W3C), else the host in ``Origin`` or, for
    pictures in old browsers, in ``Referer``. A request with none of these is refused.
    """
    meta = request.META
    origin = meta.get("HTTP_ORIGIN", "")
    if origin.lower() in conf.STATSD_RECORD_ORIGINS:
        return None
    site = meta.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return None if site == "same-origin" else refuse("origin")
    try:
        same = urlsplit(origin or meta.get("HTTP_REFERER", "")).netloc.lower() == request.get_host().lower()
    except (ValueError, DisallowedHost):
        same = False
    return None if same else refuse("origin")


def internal_ips(request: HttpRequest) -> HttpResponse | None:
    """Let in the addresses of the project's ``INTERNAL_IPS`` only."""
    known = project_setting("INTERNAL_IPS") or ()
    return None if request.META.get("REMOTE_ADDR") in known else refuse("address")


def no_bots(request: HttpRequest) -> HttpResponse | None:
    """Leave out what the user-agents package knows as a bot, and who gives no user agent."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    return refuse("bot") if not agent or agents.device(agent) == "bot" else None


for _guard in (unavailable, honour_privacy, same_origin, internal_ips, no_bots):
    _guard.blocks = False  # type: ignore[attr-defined]


class SignedToken:
    """Let in only who has a token that ``{% statsd_beacon %}`` wrote, for this host and not long ago.

    Args:
        max_age: seconds for which a token is good. Pages that are cached longer send in vain.
    """

    blocks = False

    def __init__(self, max_age: int = 3600) -> None:
        self.max_age = max_age

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Return None for a good token."""
        try:
            host = _signer().unsign(request.GET.get("token", ""), max_age=self.max_age)
            same = host == request.get_host()
        except (BadSignature, SuspiciousOperation):  # the host, or too many fields in the query
            same = False
        return None if same else refuse("token")


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="django_metrics_statsd.beacon")


def token_query(request: HttpRequest | None) -> str:
    """Return ``token=…`` for the URL of the beacon where a guard wants a token, else ``""``."""
    from django_metrics_statsd.beacon.plan import planned

    if request is None or not any(isinstance(guard, SignedToken) for guard in planned.now.guards):
        return ""
    return urlencode({"token": _signer().sign(request.get_host())})


class Rate:
    """Let in a number of beacons per time, counted in the cache, so for all processes that share it.

    Args:
        limit: how many.
        seconds: in which time; a new window begins every so many seconds.
        cache: the alias of the cache. It must be one that processes share, and not the dummy.
    """

    blocks = True

    def __init__(self, limit: int, seconds: int = 60, cache: str = "default") -> None:
        self.limit, self.seconds, self.cache = limit, seconds, cache

    def __call__(self, request: HttpRequest) -> HttpResponse | None:
        """Return None while the limit is not reached."""
        key = (
            f"django_metrics_statsd:beacons:{self.who(request)}:{self.seconds}:{int(time()) // self.seconds}"
        )
        return refuse("rate", 429) if self._count(key) > self.limit else None

    def _count(self, key: str) -> int:
        cache = caches[self.cache]
        if cache.add(key, 1, self.seconds):
            return 1
        try:
            return int(cache.incr(key))
        except ValueError:  # it ran out meanwhile
            return 1

    def who(self, request: HttpRequest) -> str:
        """Return whose beacons are counted together."""
        return "all"


class RateTotal(Rate):
    """At most so many beacons from everybody together."""

    def __init__(self, limit: int = 6000, seconds: int = 60, cache: str = "default") -> None:
        super().__init__(limit, seconds, cache)


class RatePerAddress(Rate):
    """At most so many beacons from one address; for IPv6 from one /64, which is what a household has.

    The cache gets a digest, not the address. Behind a proxy, ``REMOTE_ADDR`` is the proxy's address unless
    the server or a middleware of yours puts the visitor's there.
    """

    def __init__(self, limit: int = 60, seconds: int = 60, cache: str = "default") -> None:
        super().__init__(limit, seconds, cache)

    def who(self, request: HttpRequest) -> str:
        """Return a digest of the address."""
        key = str(project_setting("SECRET_KEY") or "").encode()[:64]
        network = _network(request.META.get("REMOTE_ADDR", ""))
        return hashlib.blake2b(network.encode(), key=key, digest_size=12).hexdigest()


def _network(text: str) -> str:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address.packed[:8].hex())
    return str(address)


class AllOf:
    """Several guards as one: the first that refuses has the last word."""

    def __init__(self, guards: tuple[Guard, ...]) -> None:
        self.guards: tuple[Guard, ...] = guards

    def __call__(self, request: HttpRequest) -> HttpResponseBase | None:
        """Ask each guard. (The view asks the guards themselves, so that async ones may be among them.)"""
        refusals = (guard(request) for guard in self.guards)
        return next((refusal for refusal in refusals if refusal is not None), None)


def all_of(*guards: Guard) -> AllOf:
    """Combine guards into one."""
    return AllOf(guards)


signed_token = SignedToken()
rate_per_address = RatePerAddress()
rate_total = RateTotal()
