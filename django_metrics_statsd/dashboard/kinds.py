"""What the values of the dashboard's settings may be."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django_metrics_statsd.kinds import Kind

SCHEMES = ("redis", "rediss", "unix")
#: The ready-made widgets, in the order in which a new dashboard has them.
READY_MADE = (
    "RequestsPerMinute",
    "ResponseTimes",
    "StatusClasses",
    "Health",
    "QueriesPerRequest",
    "CacheHits",
    "CollectorLag",
    "SlowestViews",
    "Errors",
    "VisitorsNow",
    "WebVitals",
    "LatestEvents",
)


def _messenger(value: Any) -> str | None:
    if value is None:
        return None
    example = "write 'redis://host:6379/0', 'rediss://…', 'unix:///path.sock', or None for the database"
    if not isinstance(value, str):
        raise ValueError(f"must be a URL or None; {example}")
    try:
        parts = urlsplit(value)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        _ = parts.port
    except ValueError:
        raise ValueError(f"is a URL that cannot be read; {example}") from None
    if parts.scheme in {"http", "https"}:
        raise ValueError(f"is the URL of a socket.io messenger, which nobody needs any more; {example}")
    if parts.scheme not in SCHEMES or not place:
        raise ValueError(f"must be a URL of Redis; {example}")
    return value


def _switch(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise ValueError("must be True, False or None")


MESSENGER = Kind("URL or None", _messenger)
SWITCH = Kind("bool or None", _switch)
