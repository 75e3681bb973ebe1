"""Ten thousand calls leave no thread, no connection, no file and no memory behind."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from django_metrics_statsd.health import runner, views

CALLS = 10_000
#: MiB of resident memory that a call may not keep, all together.
MOST = 8


def resident() -> float:
    """This process's resident memory, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a Path each would take longer


@pytest.mark.django_db
def test_ten_thousand_calls_leave_nothing(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.WATCHMAN_CHECKS = ["databases", "caches", "storage", "disk", "tests.health.samples.gently"]
    settings.WATCHMAN_CACHE_SECONDS = 0
    factory = RequestFactory()  # Django's test client itself keeps a little of each call

    def call(times: int) -> None:
        for _ in range(times):
            assert views.status(factory.get("/watchman/")).status_code == 200

    call(200)  # what is made once is made by then
    gc.collect()
    before = threading.active_count(), open_files(), resident()
    call(CALLS)
    gc.collect()
    await_threads()
    threads, files, memory = threading.active_count(), open_files(), resident()
    assert threads <= before[0]
    assert files <= before[1]
    assert memory - before[2] < MOST
    assert list(tmp_path.iterdir()) == []
    assert not runner.shared._flights


def await_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("health"):
            thread.join(10)
