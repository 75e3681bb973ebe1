"""Put hits into Redis as sites do: realistic ones of many visitors."""

from __future__ import annotations

import sys

import django


def main(count: int) -> None:
    """Send `count` hits, a thousand at a time."""
    from django_metrics_statsd.hits.plan import redis_address
    from django_metrics_statsd.hits.transports.streams import StreamsTransport
    from tests.hits import samples

    address = redis_address()
    if address is None:
        raise SystemExit("WT_REDIS is unset")
    transport = StreamsTransport(address)
    for _ in range(0, count, 1_000):
        batch = samples.hits(1_000)
        for hit in batch:
            hit.ua = hit.geo = None
        transport.send(batch)
    transport.close()


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
