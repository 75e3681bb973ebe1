from __future__ import annotations

import socket
from typing import Any

import pytest

from django_metrics_statsd.address import Address, parse
from django_metrics_statsd.clients import resolver as module
from django_metrics_statsd.clients.resolver import RETRY, Resolver


class Names:
    """A name server and a clock that the test controls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.asked = 1_000.0, 0
        self.answer: str | Exception = "192.0.2.1"
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        monkeypatch.setattr(module.socket, "getaddrinfo", self.ask)

    def ask(self, host: str, port: int, *args: Any) -> list[Any]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return [(socket.AF_INET, 0, 0, "", (self.answer, port))]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


def test_nothing_is_asked_until_it_is_needed(names: Names) -> None:
    Resolver(parse("udp://stats.local"), 60)
    assert names.asked == 0


def test_an_answer_is_kept_for_its_time_to_live_and_changes_are_noticed(names: Names) -> None:
    resolve = Resolver(parse("udp://stats.local:1"), 60)
    assert resolve() == resolve() == (socket.AF_INET, ("192.0.2.1", 1))
    assert names.asked == 1
    names.answer, names.now = "192.0.2.2", names.now + 60
    assert resolve() == (socket.AF_INET, ("192.0.2.2", 1))
    assert names.asked == 2


def test_a_time_to_live_of_0_is_for_ever(names: Names) -> None:
    resolve = Resolver(parse("udp://stats.local"), 0)
    resolve()
    names.now += 1e9
    resolve()
    assert names.asked == 1


def test_the_last_good_address_stays_while_the_name_cannot_be_resolved(
    names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    resolve = Resolver(parse("udp://stats.local:1"), 60)
    good = resolve()
    names.answer, names.now = OSError("name server down"), names.now + 60
    assert resolve() == resolve() == good
    assert names.asked == 2
    names.now += RETRY
    assert resolve() == good
    assert names.asked == 3
    assert len(caplog.records) == 1
    assert "cannot resolve the StatsD server udp://stats.local:1" in caplog.text


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_an_unknown_host_is_tried_again_later(names: Names, error: Exception) -> None:
    names.answer = error
    resolve = Resolver(parse("udp://stats.local"), 60)
    assert resolve() is None
    assert resolve() is None
    assert names.asked == 1
    names.answer, names.now = "192.0.2.1", names.now + RETRY
    assert resolve() is not None


@pytest.mark.parametrize("host", ["x" * 70, "a..b", "nul\0", "\ud800", "no-such-host.invalid"])
def test_hosts_that_are_none_do_not_raise(host: str) -> None:
    assert Resolver(Address("udp", host, 1), 60)() is None


def test_a_path_needs_no_asking(names: Names) -> None:
    assert Resolver(parse("unix:///run/x"), 60)() == (socket.AF_UNIX, "/run/x")
    assert names.asked == 0


def test_localhost_is_ipv4_first() -> None:
    assert Resolver(parse("udp://localhost:1"), 60)() == (socket.AF_INET, ("127.0.0.1", 1))


@pytest.mark.parametrize("scheme", ["udp6", "tcp6"])
def test_ipv6_on_request(scheme: str) -> None:
    found = Resolver(parse(f"{scheme}://[::1]:1"), 60)()
    assert found is not None
    assert found[0] == socket.AF_INET6
