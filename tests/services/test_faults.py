"""Faults of the StatsD server, driven for real: the site never notices, every drop is counted."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.services import sites, traffic
from tests.services.daemon import StatsDaemon
from tests.services.harness import ROOT, environment, free_port, free_udp_port, wait_until
from tests.services.scenario import Report, play
from tests.services.sites import site_env

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.service

OWN_DROPS = "django_metrics_statsd.dropped."
CALLS = 2000
EMITTED = 2 * CALLS
# Far below one STATSD_TIMEOUT of the tests below, far above what the calls take on a busy machine.
AT_ONCE = 1.5
# What the caller may take by the clock: a machine may stand still, and waiting for each stat takes longer.
PATIENCE = 20


@contextlib.contextmanager
def deaf_server() -> Iterator[int]:
    """A TCP server that lets everybody connect and reads nothing, with small kernel buffers."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield server.getsockname()[1]


@contextlib.contextmanager
def deaf_unix_socket(folder: Path) -> Iterator[str]:
    """A Unix datagram socket that nobody reads."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        path = folder / "statsd.sock"
        server.bind(str(path))
        yield f"unix://{path}"


def unharmed(report: Report, rounds: int = 1) -> None:
    """The caller was not held up, nothing was left uncounted, and the log has one line at most."""
    assert report["working"] < AT_ONCE
    assert report["emitting"] < PATIENCE
    assert report.total == EMITTED * rounds, report
    assert len(report["said"]) <= 1, report["said"]


@pytest.mark.parametrize("scheme", ["udp", "udp6", "tcp"])
def test_unknown_host(scheme: str) -> None:
    report = play("fault", CALLS, url=f"{scheme}://no-such-host.invalid:8125")
    unharmed(report)
    assert report.dropped == {"unknown_host": EMITTED}
    assert len(report["said"]) == 1
    assert "no-such-host.invalid" in report["said"][0]
    assert report.leaving < 4


def test_closed_udp_port() -> None:
    """The kernel tells of a refused datagram at the next one only: the first is taken for sent."""
    report = play("fault", CALLS, 3, url=f"udp://127.0.0.1:{free_udp_port()}")
    unharmed(report, rounds=3)
    assert report.dropped["refused"] > EMITTED
    assert len(report["said"]) == 1


def test_closed_tcp_port() -> None:
    report = play("fault", CALLS, url=f"tcp://127.0.0.1:{free_port()}")
    unharmed(report)
    assert sum(report.dropped.values()) == EMITTED
    assert len(report["said"]) == 1


def test_missing_unix_socket(tmp_path: Path) -> None:
    report = play("fault", CALLS, url=f"unix://{tmp_path}/nobody.sock")
    unharmed(report)
    assert sum(report.dropped.values()) == EMITTED


def test_tcp_server_that_hangs() -> None:
    """What fits into the kernel's buffers is sent for all anybody knows; the rest is dropped."""
    with deaf_server() as port:
        report = play(
            "fault", 200_000, 2, 20, url=f"tcp://127.0.0.1:{port}", STATSD_TIMER_VALUES=100_000,
            STATSD_TIMEOUT=3,
        )  # fmt: skip
    assert report["working"] < 10
    assert report["emitting"] < 30
    assert report["flushing"] < 20  # it may wait for so long, and need not
    assert report.dropped["timeout"] > 0
    assert report.dropped["backing_off"] > 0
    assert report.total == 800_000
    assert len(report["said"]) == 1
    assert report.leaving < 10


def test_a_site_whose_statsd_hangs(tmp_path: Path) -> None:
    with deaf_server() as port:
        env = site_env(f"tcp://127.0.0.1:{port}", STATSD_TIMEOUT=10, STATSD_FLUSH_INTERVAL=0.1)
        with sites.gunicorn(tmp_path, env, "-k", "gthread", "--threads", "4") as site:
            started = time.monotonic()
            assert traffic.many(site.port, "/busy", 500) == {200: 500}
            assert time.monotonic() - started < 8
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 8


def test_full_socket_buffer(tmp_path: Path) -> None:
    with deaf_unix_socket(tmp_path) as url:
        report = play("fault", CALLS, 1, 20, url=url, STATSD_TIMER_VALUES=10_000)
    unharmed(report)
    assert report["flushing"] < 10  # of 20
    assert report.sent > 0
    assert set(report.dropped) == {"socket_full"}


def test_address_that_moves(tmp_path: Path) -> None:
    """The new address is found once the old one is stale; it stays while nobody can tell."""
    with StatsDaemon(tmp_path / "first") as first, StatsDaemon(tmp_path / "second") as second:
        ttl = 2.0
        report = play(
            "moving", first.udp_port, second.udp_port, ttl,
            url="udp://statsd.test:8125", STATSD_DNS_TTL=ttl,
        )  # fmt: skip
        assert first.counters() == {"before": 1, "at.once": 1}
        assert second.counters() == {"after": 1, "broken": 1}
    assert report["asked_early"] == 1
    assert report["asked"] == 3
    assert report.dropped == {}


def test_server_that_is_stopped_and_started(tmp_path: Path) -> None:
    """The connection comes back by itself; what was dropped meanwhile is told to the new server."""
    with StatsDaemon(tmp_path / "first") as first, ticking(first.tcp_url, tmp_path) as ticker:
        wait_until(lambda: first.counters().get("tick", 0) > 10, "the first counts")
        asked = time.monotonic()
        before = first.counters()["tick"]
        first.stop()
        elapsed = time.monotonic() - asked
        time.sleep(0.3)
        with StatsDaemon(tmp_path / "second", ports=(first.udp_port, first.tcp_port)) as second:
            wait_until(lambda: second.counters().get("tick", 0) > 10, "counts after the restart")
            found = finish(ticker, tmp_path)
            counters = second.counters()
    telemetry = found["telemetry"]
    lost = sum(telemetry["dropped"].values())
    assert telemetry["sent"] + lost == found["emitted"]
    # Between the last reading and the stop, a few more may have come to the first server: 200 a second.
    assert found["emitted"] - lost - 100 - 200 * elapsed <= before + counters["tick"] <= found["emitted"]
    told = [count for name, count in counters.items() if name.startswith(OWN_DROPS)]
    assert sum(told) == lost > 0


@contextlib.contextmanager
def ticking(url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The `ticker` scenario, which runs until its standard input ends."""
    env = environment(site_env(url, STATSD_FLUSH_INTERVAL=0.1))
    command = [sys.executable, "-W", "error", "-m", "project.scenarios", "ticker"]
    with (folder / "ticker.json").open("wb") as out:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=out)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def finish(process: subprocess.Popen[bytes], folder: Path) -> dict[str, dict[str, dict[str, int]]]:
    process.communicate(timeout=20)
    return json.loads((folder / "ticker.json").read_text())
