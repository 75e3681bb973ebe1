"""The last requests, as the front page lists them: from the table of hits, which is in its own database."""

from __future__ import annotations

from typing import TypedDict

from django_metrics_statsd.hits.models import Hit

from .toolbar import LOOPBACK

SHOWN = 8


class Row(TypedDict):
    id: str
    time: str
    request: str
    status: int
    took: str
    queries: int
    place: str
    agent: str


def rows() -> list[Row]:
    """Return the last `SHOWN` requests, the newest first. Addresses and names of users are left out."""
    return [
        Row(
            id=str(hit.id),
            time=f"{hit.time:%H:%M:%S}",
            request=f"{hit.method} {hit.path}",
            status=hit.status_code,
            took=f"{hit.request_time:.{1 if hit.request_time < 10 else 0}f} ms",
            queries=hit.num_queries,
            place=place(hit),
            agent=agent(hit),
        )
        for hit in Hit.objects.order_by("-id")[:SHOWN]
    ]


def place(hit: Hit) -> str:
    return hit.city or hit.country_name or ("this machine" if hit.ip in LOOPBACK else "")


def agent(hit: Hit) -> str:
    """Return what it was: a browser and its system, or a bot's name."""
    known = [name for name in (hit.browser, "" if hit.is_bot else hit.os) if name not in {"", "Other"}]
    return " on ".join(known)
