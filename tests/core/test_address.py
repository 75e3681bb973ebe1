from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.address import SCHEMES, Address, parse
from django_metrics_statsd.clients import build


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("udp://stats.local:9125", Address("udp", "stats.local", 9125)),
        ("udp://stats.local", Address("udp", "stats.local", 8125)),
        ("udp6://[::1]:9125", Address("udp6", "::1", 9125)),
        ("tcp://10.0.0.1:1", Address("tcp", "10.0.0.1", 1)),
        ("tcp6://[fe80::1]", Address("tcp6", "fe80::1", 8125)),
        ("unix:///run/statsd.sock", Address("unix", path="/run/statsd.sock")),
        ("unixstream:///run/statsd.sock", Address("unixstream", path="/run/statsd.sock")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse(url) == address
    assert parse(str(address)) == address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://host", "has the scheme 'http'"),
        ("host:8125", "has the scheme"),
        ("", "has the scheme ''"),
        ("udp://", "names no host"),
        ("udp://:8125", "names no host"),
        ("udp://host:99999", "cannot be read"),
        ("udp://host:port", "cannot be read"),
        ("udp://[::1", "cannot be read"),
        ("udp://user@host", "more than a place"),
        ("udp://host?x=1", "more than a place"),
        ("udp://host#x", "more than a place"),
        ("unix://run/statsd.sock", "needs an absolute path"),
        ("unix:///", "needs an absolute path"),
        ("unix:///" + "x" * 107, "107 bytes"),
        (3, "cannot be read"),
        (b"udp://host", "has the scheme"),
    ],
)
def test_what_is_no_address_is_refused_with_the_forms_there_are(url: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(url)
    assert message in str(caught.value)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_is_a_stream_or_datagrams_here_or_elsewhere(scheme: str) -> None:
    address = Address(scheme, "host", 1, "/path")
    assert address.is_stream == (scheme in {"tcp", "tcp6", "unixstream"})
    assert address.is_unix == scheme.startswith("unix")


def test_the_url_goes_before_host_and_port(settings: Any) -> None:
    settings.STATSD_HOST, settings.STATSD_PORT = "one", 1
    assert build.address() == Address("udp", "one", 1)
    settings.STATSD_URL = "tcp://two:2"
    assert build.address() == Address("tcp", "two", 2)
