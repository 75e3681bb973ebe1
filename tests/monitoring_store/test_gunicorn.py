"""A site of three forked workers on SQLite: every request is in the store once, whichever worker had it."""

from __future__ import annotations

import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_metrics_statsd.monitoring.stats import reading
from tests.monitoring_store.test_processes import whole
from tests.services.harness import ROOT, Server, accepts, free_port, wait_until

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 300


@pytest.mark.parametrize("preload", [(), ("--preload",)], ids=["each by itself", "preloaded"])
def test_all_requests_of_all_workers_are_there(alias: str, tmp_path: Path, preload: Any) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "tests.monitoring_store.site:application", "-w", "3",
        "-b", f"127.0.0.1:{port}", "--chdir", str(ROOT), *preload,
    ]  # fmt: skip
    env = {"STORE": str(connections[alias].settings_dict["NAME"])}
    with Server("gunicorn", command, tmp_path, lambda: accepts(port), env) as server:
        seen, asked = {get(port) for _ in range(REQUESTS)}, REQUESTS
        while len(seen) < 2 and asked < 50 * REQUESTS:  # one worker alone may have answered them all
            seen.add(get(port))
            asked += 1
        wait_until(lambda: reading.find("response.200"), "what a worker has written")
    assert len(seen) >= 2
    assert whole("response.200").get("sum") == asked
    took = reading.summary("view.GET", *_hour())
    assert took is not None
    assert took.get("count") == asked
    assert "Traceback" not in server.log()
    assert not [stat.name for stat in reading.names("db.")]  # the writing is not timed


def get(port: int) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as response:
        body: bytes = response.read()
    return body


def _hour() -> tuple[Any, Any]:
    from datetime import timedelta

    from tests.monitoring_store.test_processes import now

    return now() - timedelta(hours=1), now() + timedelta(minutes=1)
