"""Real forks: a thousand requests or tasks give exactly a thousand counts after SIGTERM."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.services import sites, traffic
from tests.services.harness import wait_until
from tests.services.sites import Worker, site_env

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.services.daemon import StatsDaemon
    from tests.services.stores import Redis

pytestmark = pytest.mark.service

TOTAL = 1000
FAILING = 20
SERVERS: dict[str, tuple[Callable[..., sites.Site], list[str]]] = {
    "gunicorn": (sites.gunicorn, ["-w", "3"]),
    "gunicorn-preload": (sites.gunicorn, ["-w", "3", "--preload"]),
    "gunicorn-recycled": (sites.gunicorn, ["-w", "3", "--max-requests", "250"]),
    "gunicorn-threads": (sites.gunicorn, ["-w", "3", "-k", "gthread", "--threads", "4"]),
    "uwsgi": (sites.uwsgi, ["--processes", "3"]),
    "uwsgi-threads": (sites.uwsgi, ["--processes", "3", "--enable-threads", "--threads", "2"]),
    "uwsgi-recycled": (sites.uwsgi, ["--processes", "3", "--max-requests", "250"]),
    "uvicorn": (sites.uvicorn, []),
    "uvicorn-workers": (sites.uvicorn, ["--workers", "3"]),
    "runserver": (sites.runserver, ["--noreload"]),
}
# The usual interval sends while requests run; with the long one, only the end of the process does.
USUAL, LONG = 1.0, 60.0
CASES = [(server, LONG) for server in SERVERS]
CASES += [(server, USUAL) for server in ("gunicorn", "uwsgi", "uwsgi-threads", "uvicorn-workers")]


@pytest.mark.parametrize(("server", "interval"), CASES)
def test_requests(server: str, interval: float, daemon: StatsDaemon, tmp_path: Path) -> None:
    start, flags = SERVERS[server]
    env = site_env(daemon.url, STATSD_FLUSH_INTERVAL=interval)
    with start(tmp_path, env, *flags) as site:
        assert traffic.many(site.port, "/ok", TOTAL) == {200: TOTAL}
    assert daemon.counters() == {"response.200": TOTAL}
    assert daemon.timers()["view.project.views.ok.GET"].count == TOTAL


@pytest.mark.parametrize(
    ("server", "view"),
    [
        ("gunicorn", "long"),
        ("gunicorn", "long_stream"),
        ("gunicorn-threads", "long"),
        ("uvicorn", "along"),
        ("uvicorn", "along_stream"),
        ("uvicorn-workers", "along"),
    ],
)
def test_request_under_way(server: str, view: str, daemon: StatsDaemon, tmp_path: Path) -> None:
    """A request that is answered after SIGTERM counts as well."""
    start, flags = SERVERS[server]
    with ThreadPoolExecutor(1) as pool:
        with start(tmp_path, site_env(daemon.url, STATSD_FLUSH_INTERVAL=LONG), *flags) as site:
            answer = pool.submit(traffic.get, site.port, f"/{view}")
            wait_until(lambda: "long has begun" in site.log(), "the request to begin")
        assert answer.result().status == 200
    assert daemon.counters() == {"response.200": 1}
    assert daemon.timers()[f"view.project.views.{view}.GET"].count == 1


@pytest.mark.parametrize(("interval", "flags"), [(USUAL, []), (LONG, ["--max-tasks-per-child", "150"])])
def test_tasks(
    interval: float, flags: list[str], daemon: StatsDaemon, redis_server: Redis, tmp_path: Path
) -> None:
    env = site_env(daemon.url, STATSD_FLUSH_INTERVAL=interval, STATSD_CELERY_SIGNALS=True)
    env["CELERY_BROKER_URL"] = f"{redis_server.url}/0"
    redis_server.ask("FLUSHALL")
    with Worker(tmp_path, env, *flags):
        sites.run("tasks", str(TOTAL), str(FAILING), env=env)
        wait_until(lambda: redis_server.number("done") == TOTAL + FAILING, "every task to run")
    counters, timers = daemon.counters(), daemon.timers()
    assert counters["task.ran"] == TOTAL
    for what in ("sent", "start", "done"):
        assert counters[f"celery.work.{what}"] == TOTAL
    assert counters["celery.fail.failure"] == FAILING
    assert "celery.work.failure" not in counters
    assert timers["celery.work.runtime"].count == TOTAL
