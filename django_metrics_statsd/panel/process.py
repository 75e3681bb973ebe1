"""What the panel says about the process: which client, which server, and what was lost so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django_metrics_statsd import safety
from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.clients.fan import FanClient
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.conf import conf
from django_metrics_statsd.safety import failed


def about_process() -> dict[str, Any]:
    """Return the client's paths, the destination, the settings that make names, and the telemetry."""
    counts = _told(statsd.telemetry, {})
    dropped = counts.get("dropped") if isinstance(counts, dict) else None
    return {
        "clients": _told(_paths, []),
        "destination": _told(lambda: str(statsd.destination), ""),
        "prefix": conf.STATSD_PREFIX,
        "style": conf.STATSD_TAGS or "",
        "constant_tags": [f"{key}={value}" for key, value in conf.STATSD_CONSTANT_TAGS.items()],
        "sent": {key: _whole(counts, key) for key in ("sent", "packets", "bytes")},
        "dropped": [[str(key), _whole(dropped, key)] for key in sorted(dropped or {}, key=str)],
        "faults": [[place, count] for place, count in sorted(safety.faults.items())],
    }


def _told(ask: Callable[[], Any], otherwise: Any) -> Any:
    """Return what a client says of itself. It may be the site's own."""
    try:
        return ask()
    except Exception:
        failed("panel.client")
        return otherwise


def _paths() -> list[str]:
    client = statsd.client
    return [_path(each) for each in (client.clients if isinstance(client, FanClient) else [client])]


def _path(client: BaseClient) -> str:
    cls = type(client)
    module = cls.__module__
    return module if cls.__qualname__ == "StatsClient" else f"{module}.{cls.__qualname__}"


def _whole(counts: Any, key: Any) -> int:
    value = counts.get(key, 0) if isinstance(counts, dict) else 0
    return int(value) if isinstance(value, int) else 0
