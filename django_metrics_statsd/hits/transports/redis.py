"""Redis clients with bounded waits, and the names of the keys in which records travel.

A site's keys share no hash slot but where they must, so that Redis Cluster can spread the partitions.
"""

from __future__ import annotations

from typing import Any, Final

from redis import Redis
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from redis.retry import Retry

from django_metrics_statsd.hits.storages.base import Unavailable
from django_metrics_statsd.hits.transports.address import RedisAddress

__all__ = ["FAILURES", "FIELD", "Keys", "connect", "disconnect", "explain"]

#: What the client raises where Redis cannot do what it is asked. A cluster's own errors are no `RedisError`.
FAILURES: Final = (RedisError, RedisClusterException, OSError)

#: The largest ``WT_PARTITIONS``.
MOST_PARTITIONS = 256
#: The one field of a stream's entry; its value is a packed record.
FIELD = b"r"


class Keys:
    """The keys of one site."""

    def __init__(self, site: str) -> None:
        self.site = site
        #: Hash of what collectors set aside, by storage, stream and entry.
        self.dead = f"metrics_hits:{{{site}.dead}}"
        #: Hash of when each storage last took a batch: seconds since 1970, by alias.
        self.seen = f"metrics_hits:{{{site}.seen}}"

    def stream(self, partition: int) -> str:
        """Return the key of one partition's stream."""
        return f"metrics_hits:{{{self.site}.{partition}}}"

    def streams(self, partitions: int) -> list[str]:
        """Return the keys of all streams."""
        return [self.stream(number) for number in range(partitions)]


def connect(address: RedisAddress, timeout: float) -> Any:
    """Return a client that has not connected yet; each of its waits lasts at most `timeout` seconds.

    It never tries twice: who uses it knows better when to come again.
    """
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
    }
    kind = RedisCluster if address.cluster else Redis
    try:
        return kind.from_url(address.url, **options)
    except (*FAILURES, ValueError, TypeError) as error:  # the last two: an odd ssl_ option
        raise explain(error, address) from error


def disconnect(client: Any) -> None:
    """Close all of a client's connections; a cluster's ``close`` leaves those to its nodes open."""
    if isinstance(client, RedisCluster):
        client.disconnect_connection_pools()  # type: ignore[no-untyped-call]
    client.close()


def explain(error: Exception, address: RedisAddress) -> Unavailable:
    """Return what to raise for an error of the client's, with the address and without the password."""
    return Unavailable(f"Redis at {address.shown}: {type(error).__name__}: {error}")
