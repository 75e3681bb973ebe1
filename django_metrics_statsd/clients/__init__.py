"""Clients take stats. ``from django_metrics_statsd.clients import statsd`` is all that most code needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_metrics_statsd.clients.handle import get_client, statsd

__all__ = ["get_client", "statsd"]


def __getattr__(name: str) -> Any:
    """Give out the handle and what belongs to it; late, as every client module is in this package too."""
    if name in __all__:
        from django_metrics_statsd.clients import handle

        return getattr(handle, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
