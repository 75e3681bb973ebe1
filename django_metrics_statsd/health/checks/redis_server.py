"""Whether a Redis server answers, and can be written to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django_metrics_statsd.conf import project_setting
from django_metrics_statsd.health.checks.base import Check, Fail, Skip

EXTRA = "pip install 'django-metrics-statsd[hits]'"
#: Seconds after which the server forgets our key, should deleting it fail.
LIFETIME = 60
#: Options of caches that say who asks: Django's in lower case, those of django-redis in upper case.
_LOGIN = ("username", "password")
_REDIS_CACHES = ("django.core.cache.backends.redis.", "django_redis.")


@dataclass(frozen=True)
class Server:
    """An address, whether a cluster is there, and who asks, where the address does not say so."""

    url: str = field(repr=False)
    cluster: bool = False
    login: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(kw_only=True)
class Redis(Check):
    """Connects, and writes a value that Redis forgets by itself, reads it back, compares.

    Attributes:
        url: ``redis://``, ``rediss://`` or ``unix://``; unset, that of ``WT_REDIS``, of
            ``DASHBOARD_MESSENGER_URL``, or of a cache in Redis, whichever comes first.
        write: whether to write at all; a replica for reading is only asked for an answer.
        patience: seconds to wait for the connection, and for each answer.
        cluster: whether it is a Redis Cluster; unset, as ``WT_REDIS`` says, where the url is its.
    """

    name: str = "redis"
    url: str | None = field(default=None, repr=False)
    write: bool = True
    patience: float = 2.0
    cluster: bool = False

    def run(self) -> dict[str, Any]:
        """Connect, ask, disconnect."""
        try:
            import redis
            import redis.backoff
            import redis.retry
        except ImportError:
            raise Fail(f"The client for Redis is not installed: {EXTRA}.") from None
        found = Server(self.url, self.cluster) if self.url else _configured()
        if found is None:
            raise Skip("No Redis is configured: give the check a url.")
        client = self._connect(redis, found)
        try:
            client.ping()
            if self.write:
                _write(client)
            return _version(client, redis.ResponseError)
        finally:
            if found.cluster:  # its `close` leaves the connections to its nodes open
                client.disconnect_connection_pools()
            client.close()

    def _connect(self, redis: Any, found: Server) -> Any:
        """Return a client that tries once: the library's own ones try again."""
        limits = {"socket_connect_timeout": self.patience, "socket_timeout": self.patience}
        once = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        kind = redis.RedisCluster if found.cluster else redis.Redis
        return kind.from_url(found.url, retry=once, **limits, **found.login)


def _version(client: Any, refusal: type[Exception]) -> dict[str, Any]:
    with suppress(refusal, KeyError, AttributeError):  # not everybody may ask for it; a cluster has several
        return {"version": str(client.info("server")["redis_version"])}
    return {}


def _write(client: Any) -> None:
    key, value = f"watchman-{uuid.uuid4()}", uuid.uuid4().hex.encode()
    client.set(key, value, ex=LIFETIME)
    found = client.get(key)
    client.delete(key)
    if found not in {value, value.decode()}:
        raise Fail("Redis was given a value and did not give it back.")


def _configured() -> Server | None:
    """Return a Redis that the settings have."""
    from django_metrics_statsd.hits.plan import redis_address

    address = redis_address()
    if address is not None:
        return Server(address.url, address.cluster)
    url = project_setting("DASHBOARD_MESSENGER_URL")
    return Server(url) if url else next(_of_caches(), None)


def _of_caches() -> Iterator[Server]:
    for cache in (project_setting("CACHES") or {}).values():
        location = cache.get("LOCATION") or ""
        url = str(location if isinstance(location, str) else next(iter(location), "")).split(",")[0]
        if url and str(cache.get("BACKEND", "")).startswith(_REDIS_CACHES):
            options = {str(key).lower(): value for key, value in (cache.get("OPTIONS") or {}).items()}
            yield Server(url, login={key: options[key] for key in _LOGIN if options.get(key)})
