"""Calls the status ten thousand times; prints what threads, files and memory there were before and after.

A process of its own, without coverage, which keeps a little of every thread.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import threading
from pathlib import Path

import django
from django.conf import settings
from django.test import RequestFactory


def figures() -> tuple[int, int, float]:
    """Threads, open files, and resident memory in MiB."""
    gc.collect()
    for thread in threading.enumerate():
        if thread.name.startswith("health"):
            thread.join(10)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(list(Path("/proc/self/fd").iterdir()))
    return threading.active_count(), files, pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def main(folder: str, calls: int) -> None:
    settings.configure(
        SECRET_KEY="only for tests",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/site.sqlite3"}},
        INSTALLED_APPS=["django_metrics_statsd", "django_metrics_statsd.health"],
        MEDIA_ROOT=f"{folder}/media",
        STATSD_CLIENT="django_metrics_statsd.clients.null",
        WATCHMAN_CHECKS=["databases", "caches", "storage", "disk", "tests.health.samples.gently"],
        WATCHMAN_CACHE_SECONDS=0,
        WATCHMAN_HISTORY=0,
    )
    django.setup()
    from django_metrics_statsd.health import views

    Path(folder, "site.sqlite3").touch()
    factory = RequestFactory()

    def call(times: int) -> None:
        for _ in range(times):
            assert views.status(factory.get("/watchman/")).status_code == 200

    call(200)  # what is made once is made by then
    before = figures()
    call(calls)
    left = [each.name for each in Path(folder, "media").iterdir()]
    print(json.dumps({"before": before, "after": figures(), "left": left}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
