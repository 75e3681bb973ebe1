"""What a collector adds to a hit: what its user agent is, and where its address is."""

from __future__ import annotations

from django_metrics_statsd.hits.enrichment.agents import parse
from django_metrics_statsd.hits.enrichment.geo import locate
from django_metrics_statsd.hits.records import HitRecord, Record, UserAgent
from django_metrics_statsd.safety import failed

_NO_AGENT = UserAgent()


def enrich(record: Record) -> None:
    """Set ``ua`` and ``geo`` of a hit, where they are not set; leave other records alone. Never raises.

    What is set is shared with other hits of the same user agent or address: it is not to be changed.
    """
    if type(record) is not HitRecord:
        return
    try:
        if record.ua is None:
            record.ua = parse(record.user_agent) if record.user_agent else _NO_AGENT
        if record.geo is None and record.ip:
            record.geo = locate(record.ip)
    except Exception:
        failed("hits.enrich")
