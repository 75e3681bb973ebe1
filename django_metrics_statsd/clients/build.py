"""Builds a client's parts from the settings."""

from __future__ import annotations

from django_metrics_statsd.address import Address, parse
from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.clients.dialects import Dialect
from django_metrics_statsd.clients.transports import Transport, make_transport
from django_metrics_statsd.conf import conf


def address() -> Address:
    """Return where ``STATSD_URL``, else ``STATSD_HOST`` and ``STATSD_PORT``, say the server is."""
    url = conf.STATSD_URL
    return parse(url) if url else Address("udp", conf.STATSD_HOST, conf.STATSD_PORT)


def problem(client: type[BaseClient]) -> str | None:
    """Say so if a client cannot send to that address, else return None."""
    if address().scheme in client.schemes:
        return None
    allowed = ", ".join(f"{scheme}://" for scheme in client.schemes)
    return f"STATSD_URL is {str(address())!r}, but {client.__module__} sends to {allowed} only."


def transport() -> Transport:
    """Return the transport to that address. Opens nothing."""
    return make_transport(address(), conf.STATSD_TIMEOUT, conf.STATSD_DNS_TTL)


def dialect() -> Dialect:
    """Return the dialect that ``STATSD_TAGS`` and its companions ask for."""
    return Dialect(
        conf.STATSD_TAGS,
        conf.STATSD_PREFIX,
        conf.STATSD_CONSTANT_TAGS,
        conf.STATSD_TAG_VALUES,
        conf.STATSD_MULTI_VALUE,
    )
