"""The stat names reach the real StatsD daemon with right counts and timings, from every server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.services import sites, traffic
from tests.services.harness import wait_until
from tests.services.project.views import CHUNKS, PAUSE
from tests.services.sites import site_env

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.services.daemon import StatsDaemon

pytestmark = pytest.mark.service

PAUSE_MS = PAUSE * 1000
# How often each address is asked for, and the status it answers with.
VISITS = {
    "ok": (5, 200),
    "busy": (2, 200),
    "slow": (3, 200),
    "asynchronous": (2, 200),
    "stream": (2, 200),
    "astream": (2, 200),
    "download": (1, 200),
    "missing": (3, 404),
    "error": (2, 500),
    "nowhere": (1, 404),
}
RESPONSES = {"response.200": 17, "response.404": 4, "response.500": 2}
CACHE = {"cache.locmem.hit": 10, "cache.locmem.miss": 6}
SHORTEST = {
    "slow": PAUSE_MS,
    "asynchronous": PAUSE_MS,
    "stream": CHUNKS * PAUSE_MS,
    "astream": CHUNKS * PAUSE_MS,
}
SERVERS: dict[str, tuple[Callable[..., sites.Site], list[str]]] = {
    "gunicorn": (sites.gunicorn, ["-w", "1"]),
    "gunicorn-threads": (sites.gunicorn, ["-w", "1", "-k", "gthread", "--threads", "4"]),
    "uvicorn": (sites.uvicorn, []),
    "uwsgi": (sites.uwsgi, ["--processes", "1", "--enable-threads"]),
    "runserver": (sites.runserver, ["--noreload"]),
    "runserver-reload": (sites.runserver, []),
}


@pytest.mark.parametrize("server", SERVERS)
def test_counts_and_timings(server: str, daemon: StatsDaemon, tmp_path: Path) -> None:
    start, flags = SERVERS[server]
    with start(tmp_path, site_env(daemon.url, STATSD_FLUSH_INTERVAL=0.2), *flags) as site:
        visit(site.port)
        # The reloading runserver kills its child: what the last flush sent is what there is.
        wait_until(lambda: seen(daemon) >= 23 and timed(daemon) >= 23, "the counts and the times", 10)
    responses(daemon)
    views(daemon)
    patches(daemon, exact="runserver" not in server)


def visit(port: int) -> None:
    for path, (times, status) in VISITS.items():
        for _ in range(times):
            answer = traffic.get(port, f"/{path}")
            assert answer.status == status, path
            if "stream" in path:
                assert answer.body == b"chunk 0\nchunk 1\nchunk 2\n"


def seen(daemon: StatsDaemon) -> float:
    counters = daemon.counters()
    return sum(counters.get(name, 0) for name in RESPONSES)


def timed(daemon: StatsDaemon) -> int:
    timer = daemon.timers().get("view.GET")
    return timer.count if timer else 0


def responses(daemon: StatsDaemon) -> None:
    counters = daemon.counters()
    found = {name: count for name, count in counters.items() if name.startswith("response.")}
    assert found == RESPONSES


def views(daemon: StatsDaemon) -> None:
    timers = daemon.timers()
    for path, (times, _) in VISITS.items():
        timer = timers["view.unresolved.GET" if path == "nowhere" else f"view.project.views.{path}.GET"]
        assert timer.count == times, path
        shortest = SHORTEST.get(path, 0)
        assert all(shortest <= value < shortest + 5000 for value in timer.values), (path, timer)
    assert timers["view.GET"].count == 23
    assert timers["view.project.views.GET"].count == 22


def patches(daemon: StatsDaemon, exact: bool) -> None:
    """`runserver` also asks the database about migrations."""
    timers, counters = daemon.timers(), daemon.counters()
    selects = timers["db.sqlite3.default.execute.select"].count
    assert selects == 10 if exact else selects >= 10
    assert timers["cache.locmem.get"].count == 16
    assert timers["cache.locmem.set"].count == 4
    assert {name: counters[name] for name in CACHE} == CACHE
    assert daemon.bad_lines() == 0
