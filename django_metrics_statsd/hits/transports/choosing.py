"""Which transport the settings ask for."""

from __future__ import annotations

from django_metrics_statsd.hits.plan import redis_address
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.safety import Telemetry


def make_transport(counts: Telemetry) -> Transport:
    """Return the way to Redis, or without ``WT_REDIS`` straight into the storages."""
    address = redis_address()
    if address is None:
        from django_metrics_statsd.hits.transports.direct import DirectTransport

        return DirectTransport(counts)
    from django_metrics_statsd.hits.transports.streams import StreamsTransport

    return StreamsTransport(address, counts)
