"""One stats client each, set up as its documentation says, and the statements that are compared.

The calls are source text, as a site would write them, so that no wrapper of ours is measured with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


def _nothing() -> None:
    """Flush for clients that keep nothing back."""


@dataclass
class Emitter:
    """A peer's statements by operation; ``name`` is a name that changes from call to call."""

    scope: dict[str, Any]
    statements: dict[str, str]
    flush: Callable[[], Any] = _nothing


def ours(port: int, tags: str | None = None) -> Emitter:
    """The default client, through the handle that sites import."""
    from django.conf import settings

    settings.configure(
        STATSD_HOST=HOST,
        STATSD_PORT=port,
        STATSD_TAGS=tags,
        STATSD_CLIENT="django_metrics_statsd.clients.buffered",
    )
    from django_metrics_statsd.clients import statsd

    return Emitter(
        {"statsd": statsd},
        {
            "incr": "statsd.incr('bench.hits')",
            "timing": "statsd.timing('bench.time', 12.5)",
            "incr with tags": "statsd.incr('bench.hits', tags={'method': 'GET', 'status': '200'})",
            "incr of many names": "statsd.incr(name)",
            "timing of many names": "statsd.timing(name, 12.5)",
        },
        flush=lambda: statsd.flush(timeout=30),
    )


def statsd(port: int) -> Emitter:
    """The ``statsd`` package's UDP client: one datagram per call."""
    from statsd import StatsClient

    return Emitter(
        {"statsd": StatsClient(HOST, port)},
        {
            "incr": "statsd.incr('bench.hits')",
            "timing": "statsd.timing('bench.time', 12.5)",
            "incr of many names": "statsd.incr(name)",
            "timing of many names": "statsd.timing(name, 12.5)",
        },
    )


def prometheus_client(port: int) -> Emitter:
    """Registered metrics; a name that changes is a label, as its documentation asks."""
    from prometheus_client import Counter, Histogram

    return Emitter(
        {
            "hits": Counter("bench_hits", "Hits."),
            "seconds": Histogram("bench_time_seconds", "Time."),
            "labelled": Counter("bench_labelled", "Hits.", ["method", "status"]),
            "named": Counter("bench_named", "Hits.", ["name"]),
            "named_seconds": Histogram("bench_named_seconds", "Time.", ["name"]),
        },
        {
            "incr": "hits.inc()",
            "timing": "seconds.observe(0.0125)",
            "incr with tags": "labelled.labels('GET', '200').inc()",
            "incr of many names": "named.labels(name).inc()",
            "timing of many names": "named_seconds.labels(name).observe(0.0125)",
        },
    )


def datadog(port: int) -> Emitter:
    """DogStatsd with its default arguments: one datagram per call."""
    from datadog.dogstatsd.base import DogStatsd

    client = DogStatsd(host=HOST, port=port, disable_telemetry=True)
    return Emitter(
        {"statsd": client},
        {
            "incr": "statsd.increment('bench.hits')",
            "timing": "statsd.timing('bench.time', 12.5)",
            "incr with tags": "statsd.increment('bench.hits', tags=['method:GET', 'status:200'])",
            "incr of many names": "statsd.increment(name)",
            "timing of many names": "statsd.timing(name, 12.5)",
        },
        flush=client.flush,
    )


def opentelemetry(port: int) -> Emitter:
    """The SDK's meter, with a reader that keeps the numbers in memory."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter("bench")
    return Emitter(
        {"hits": meter.create_counter("hits"), "seconds": meter.create_histogram("seconds")},
        {
            "incr": "hits.add(1)",
            "timing": "seconds.record(0.0125)",
            "incr with tags": "hits.add(1, {'method': 'GET', 'status': '200'})",
            "incr of many names": "hits.add(1, {'name': name})",
            "timing of many names": "seconds.record(0.0125, {'name': name})",
        },
        flush=reader.get_metrics_data,
    )


_BY_NAME: dict[str, Callable[[int], Emitter]] = {
    "ours": ours,
    "ours:tags": lambda port: ours(port, tags="datadog"),
    "statsd": statsd,
    "prometheus_client": prometheus_client,
    "datadog": datadog,
    "opentelemetry": opentelemetry,
}


def emitter(peer: str, port: int) -> Emitter:
    """Return `peer`'s emitter, sending to `port` on the loopback if it sends at all."""
    return _BY_NAME[peer](port)
