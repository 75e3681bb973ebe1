"""How far the collectors are: for ``collect --status``, a health check, and the lines it prints itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django_metrics_statsd.hits.collector.source import groups_of
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.plan import redis_address
from django_metrics_statsd.hits.transports.redis import (
    FAILURES,
    MOST_PARTITIONS,
    Keys,
    connect,
    disconnect,
    explain,
)


def read_status(timeout: float = 2.0) -> dict[str, Any]:
    """Return how far each storage is behind, asking Redis for at most about `timeout` seconds a question.

    ``{"length": …, "dead_letters": …, "storages": {alias: {"lag", "pending", "cut", "consumers",
    "last_batch"}}}``. Of these, `lag` is how many records no collector has been given yet (None where Redis
    cannot tell), `pending` how many were given and are not acknowledged, `cut` how many were lost because
    the stream had reached ``WT_STREAM_LENGTH`` (until the storage goes on), and `last_batch` the seconds
    since the last one, None for never.

    Raises:
        Unavailable: there is no answer from Redis.
        LookupError: ``WT_REDIS`` is unset, so there are no collectors.
    """
    address = redis_address()
    if address is None:
        raise LookupError("WT_REDIS is unset: each process writes to the storages itself")
    keys = Keys(conf.SITE_SLUG)
    client = connect(address, timeout)
    try:
        return status_of(client, keys, find_streams(client, keys), list(conf.WT_DATABASES))
    except FAILURES as error:
        raise explain(error, address) from error
    finally:
        disconnect(client)


def find_streams(client: Any, keys: Keys) -> list[str]:
    """Return the site's streams: as many as ``WT_PARTITIONS``, and others that have something in them.

    There are some where the setting was larger once, or still is in a process that has not been restarted.
    """
    wanted = keys.streams(conf.WT_PARTITIONS)
    others = keys.streams(MOST_PARTITIONS)[len(wanted) :]
    return wanted + [stream for stream in others if client.exists(stream) and client.xlen(stream)]


def status_of(client: Any, keys: Keys, streams: Sequence[str], aliases: Sequence[str]) -> dict[str, Any]:
    """Return the same from a client, whose errors go through."""
    seen = {name.decode(): float(when) for name, when in client.hgetall(keys.seen).items()}
    storages = {alias: _nothing(seen.get(alias)) for alias in aliases}
    length = 0
    for stream in streams:
        entries = client.xlen(stream)
        length += entries
        groups = {group["name"].decode(): group for group in groups_of(client, stream)}
        for alias in storages.keys() | groups.keys():
            storage = storages.setdefault(alias, _nothing(seen.get(alias)))
            _add(storage, groups.get(alias), entries)
            storage["cut"] += _cut(client, stream, groups[alias]) if alias in groups else 0
    return {"length": length, "dead_letters": client.hlen(keys.dead), "storages": storages}


def _nothing(seen: float | None) -> dict[str, Any]:
    last = None if seen is None else round(max(0.0, time.time() - seen), 3)
    return {"lag": 0, "pending": 0, "cut": 0, "consumers": 0, "last_batch": last}


def _add(storage: dict[str, Any], group: dict[str, Any] | None, entries: int) -> None:
    """Add one stream's figures; a storage without a group there has everything before it."""
    lag = entries if group is None else group.get("lag")
    storage["lag"] = None if lag is None or storage["lag"] is None else storage["lag"] + lag
    if group is not None:
        storage["pending"] += group["pending"]
        storage["consumers"] = max(storage["consumers"], group["consumers"])


def _cut(client: Any, stream: str, group: dict[str, Any]) -> int:
    """Return how many entries went before the group was given them, by Redis' own counts (7.0 and later)."""
    info = client.xinfo_stream(stream)
    first, read = info["first-entry"], group.get("entries-read")
    if first is None or read is None or numbers(first[0]) <= numbers(group["last-delivered-id"]):
        return 0
    return max(0, int(info["entries-added"] - read - info["length"]))


def numbers(identity: bytes) -> tuple[int, int]:
    """Return an entry's id as two numbers, which compare as ids do."""
    ms, _, number = identity.partition(b"-")
    return int(ms), int(number)
