"""Cuts off what all groups have acknowledged: a stream is as long as the slowest storage is behind."""

from __future__ import annotations

from typing import Any

from django_metrics_statsd.hits.collector.source import groups_of
from django_metrics_statsd.hits.collector.status import numbers

_HOUR_MS = 3_600_000


def trim(client: Any, stream: str) -> int:
    """Remove from the stream what every group has acknowledged; return how many entries went."""
    groups = groups_of(client, stream)
    if not groups:
        return 0
    ms, number = min(_floor(client, stream, group) for group in groups)
    return int(client.xtrim(stream, minid=f"{ms}-{number}", approximate=False)) if ms else 0


def forget_gone(client: Any, stream: str) -> None:
    """Remove consumers that have nothing pending and were not seen for an hour.

    Each collector without a name of its own is a new one.
    """
    for group in groups_of(client, stream):
        for consumer in client.xinfo_consumers(stream, group["name"]):
            if consumer["pending"] == 0 and consumer["idle"] > _HOUR_MS:
                client.xgroup_delconsumer(stream, group["name"], consumer["name"])


def _floor(client: Any, stream: str, group: dict[str, Any]) -> tuple[int, int]:
    """Return the id of the oldest entry that the group still needs."""
    if group["pending"]:
        oldest = client.xpending(stream, group["name"])["min"]
        if oldest is not None:
            return numbers(oldest)
    ms, number = numbers(group["last-delivered-id"])
    return ms, number + 1
