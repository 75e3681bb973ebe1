from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.testing import Captured
from tests.conftest import Wire

pytestmark = pytest.mark.django_db  # monitoring, where it is installed, marks the moment in its charts


def ping(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("statsd_ping", *args, stdout=out, **options)
    return out.getvalue()


def test_one_stat_goes_out_at_once_and_that_is_said(wire: Wire) -> None:
    assert ping() == f"ping:1|c sent to {wire.url}\n"
    assert wire.packets()[0] == b"ping:1|c"


def test_key_and_count(wire: Wire) -> None:
    ping("-k", "deploy", "--count", "3")
    lines = b"\n".join(wire.packets()).decode().split("\n")
    assert sum(int(line.removeprefix("deploy:").removesuffix("|c")) for line in lines) == 3


def test_quiet(wire: Wire) -> None:
    assert ping(verbosity=0) == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("udp://no-such-host.invalid", "unknown_host"),
        ("tcp://127.0.0.1:1", "unreachable"),
        ("unix:///no/such", "unreachable"),
    ],
)
def test_a_stat_that_was_dropped_is_an_error(url: str, reason: str, wire: Wire, settings: Any) -> None:
    settings.STATSD_URL = url
    with pytest.raises(CommandError) as caught:
        ping()
    assert re.match(rf"ping was dropped \(.*\b{reason}\b.*\) on its way to ", str(caught.value))
    assert "STATSD_URL, STATSD_HOST and STATSD_PORT" in str(caught.value)


def test_a_key_that_is_no_name(wire: Wire) -> None:
    with pytest.raises(CommandError, match=r"\(name\)"):
        ping("-k", "...")


def test_drops_of_before_are_not_this_stats(wire: Wire) -> None:
    statsd.timing("took", -1)
    statsd.flush()
    assert ping().startswith("ping:1|c sent")


def test_with_any_client(stats: Captured) -> None:
    assert ping() == "ping:1|c sent to null\n"
    stats.assert_incr("ping", 1, times=1)


def test_a_port_where_nobody_listens_shows_over_udp_too(wire: Wire) -> None:
    wire.socket.close()
    with pytest.raises(CommandError, match=r"ping was dropped \(refused\)"):
        ping()
