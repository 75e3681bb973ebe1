"""Whether a Redis server answers, and can be written to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django_metrics_statsd.conf import project_setting
from django_metrics_statsd.health.checks.base import Check, Fail, Skip

EXTRA = "pip install 'django-metrics-statsd[hits]'"
#: Seconds to wait for the connection, and for each answer; and after which the server forgets our key.
PATIENCE, LIFETIME = 2.0, 60
_REDIS_CACHES = ("django.core.cache.backends.redis.", "django_redis.")


@dataclass(kw_only=True)
class Redis(Check):
    """Connects, and writes a value that Redis forgets by itself, reads it back, compares.

    Attributes:
        url: ``redis://``, ``rediss://`` or ``unix://``; unset, that of ``WT_REDIS``, of
            ``DASHBOARD_MESSENGER_URL``, or of a cache in Redis, whichever comes first.
        write: whether to write at all; a replica for reading is only asked for an answer.
    """

    name: str = "redis"
    url: str | None = field(default=None, repr=False)
    write: bool = True

    def run(self) -> dict[str, Any]:
        """Connect, ask, disconnect."""
        try:
            import redis
        except ImportError:
            raise Fail(f"The client for Redis is not installed: {EXTRA}.") from None
        url = self.url or _configured()
        if url is None:
            raise Skip("No Redis is configured: give the check a url.")
        client = redis.Redis.from_url(url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        try:
            client.ping()
            if self.write:
                _write(client)
            return {"version": str(client.info("server")["redis_version"])}
        finally:
            client.close()
            client.connection_pool.disconnect()


def _write(client: Any) -> None:
    key, value = f"watchman-{uuid.uuid4()}", uuid.uuid4().hex.encode()
    client.set(key, value, ex=LIFETIME)
    found = client.get(key)
    client.delete(key)
    if found not in {value, value.decode()}:
        raise Fail("Redis was given a value and did not give it back.")


def _configured() -> str | None:
    """Return the URL of a Redis that the settings have."""
    return _of_hits() or project_setting("DASHBOARD_MESSENGER_URL") or _of_caches()


def _of_hits() -> str | None:
    from django_metrics_statsd.hits.plan import redis_address

    address = redis_address()
    return None if address is None else address.url


def _of_caches() -> str | None:
    for options in (project_setting("CACHES") or {}).values():
        if str(options.get("BACKEND", "")).startswith(_REDIS_CACHES):
            location = options.get("LOCATION") or ""
            return str(location if isinstance(location, str) else next(iter(location))).split(",")[0] or None
    return None
