"""One process with the embedded stats store; its argument says, as JSON, what it does. Answers with JSON."""

from __future__ import annotations

import json
import random
import resource
import sys
import time
import timeit
from pathlib import Path
from typing import Any

TIMERS, COUNTERS = 150, 50
VIEWS = [f"view.shop.orders.views.Section{number}View.GET" for number in range(TIMERS)]
STATUS = [f"response.section{number}.200" for number in range(COUNTERS)]
HOUR, DAY = 3_600, 86_400


def configure(told: dict[str, Any]) -> None:
    """Set Django up with the database in that file."""
    import django
    from django.conf import settings

    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": told["file"]}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_metrics_statsd.monitoring",
        ],
        USE_TZ=True,
        SECRET_KEY="bench",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATSD_CLIENT=told.get("client", "django_metrics_statsd.monitoring.client"),
        MONITORING_STATS_WINDOW=told.get("window", 10),
    )
    django.setup()


def make_tables(told: dict[str, Any]) -> dict[str, Any]:
    """Make the store's tables."""
    from django.db import connection

    from django_metrics_statsd.monitoring.stats.models import MODELS

    with connection.schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    return {}


def calls(told: dict[str, Any]) -> dict[str, Any]:
    """Return nanoseconds per call, and of the process per stat."""
    from django_metrics_statsd.clients import statsd

    make_tables(told)
    found: dict[str, float] = {}
    number, burst = 50_000, 1_000
    for what, statement in (("incr", "statsd.incr('a.b.c')"), ("timing", "statsd.timing('a.b.d', 12.5)")):
        timer = timeit.Timer(statement, "import gc; gc.enable()", globals={"statsd": statsd})
        bursts = []
        for _ in range(number // burst):
            bursts.append(timer.timeit(burst))
            statsd.flush(10)
        found[what] = min(bursts) / burst * 1e9
    before = _cpu()
    for _ in range(number):
        statsd.incr("a.b.c")
        statsd.timing("a.b.d", 12.5)
    statsd.flush(10)
    found["process"] = (_cpu() - before) / number / 2 * 1e9
    statsd.close()
    return found


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def work(told: dict[str, Any]) -> dict[str, Any]:
    """Be a busy worker for a while."""
    from django_metrics_statsd import safety
    from django_metrics_statsd.clients import statsd
    from django_metrics_statsd.monitoring.stats.backlog import Backlog
    from django_metrics_statsd.monitoring.stats.writing import Writer

    took: list[float] = []
    write = Writer.write

    def timed(self: Writer, backlog: Backlog, patience: float) -> None:
        began = time.perf_counter()
        try:
            write(self, backlog, patience)
        finally:
            took.append((time.perf_counter() - began) * 1000)

    Writer.write = timed  # type: ignore[method-assign]
    source, emitted = random.Random(1), 0
    end = time.monotonic() + told["seconds"]
    while time.monotonic() < end:
        for name in VIEWS:
            statsd.timing(name, source.expovariate(0.02))
        for name in STATUS:
            statsd.incr(name)
        statsd.incr("emitted")
        emitted += 1
        time.sleep(0.05)
    statsd.close()
    dropped = sum(statsd.telemetry()["dropped"].values())
    return {
        "emitted": emitted,
        "dropped": dropped,
        "errors": len(safety._told),
        "longest": max(took),
    }


def count(told: dict[str, Any]) -> dict[str, Any]:
    """Return what the workers left."""
    from datetime import UTC, datetime, timedelta

    from django_metrics_statsd.monitoring.stats import reading
    from django_metrics_statsd.monitoring.stats.models import StoredWindow

    rows = [len(data) for data in StoredWindow.objects.filter(step__lt=60).values_list("data", flat=True)]
    now = datetime.now(UTC)
    emitted = reading.summary("emitted", now - timedelta(hours=1), now + timedelta(minutes=1))
    return {"windows": len(rows), "bytes": sum(rows), "sum": emitted.get("sum") if emitted else 0}


def year(told: dict[str, Any]) -> dict[str, Any]:
    """Fill a year and read it."""
    from benchmarks.children.monitoring_year import fill, readings

    size = fill(Path(told["file"]), VIEWS, STATUS)
    return size | readings(VIEWS[0], STATUS[0])


WHAT = {"tables": make_tables, "calls": calls, "work": work, "count": count, "year": year}


def main() -> None:
    """Do what the argument says."""
    told = json.loads(sys.argv[1])
    configure(told)
    print(json.dumps(WHAT[told["what"]](told)))


if __name__ == "__main__":
    main()
