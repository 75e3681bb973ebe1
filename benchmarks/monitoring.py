"""How long does a year of a monitor with millions of adds take to draw, and how does that grow?

Not among the default questions: it adds `ADDS` values first, all of them through the code that writes what
``add`` leaves waiting, which takes some minutes. The chart is what the monitor's own view answers.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.child import progress
from benchmarks.report import Table

ADDS = int(os.environ.get("MONITORING_ADDS", "10000000"))
YEAR = 365 * 86_400
BATCH = 5_000
ROUNDS = 5
#: What a year may take on the server, in milliseconds.
LIMIT = 300

CHARTS = {
    "a year, mean and p95 per day": "range=1y",
    "a year, p99 per month": "range=1y&step=month&stat=p99",
    "a year beside the year before": "range=1y&compare=1",
    "30 days per hour, p95": "range=30d&step=hour&stat=p95",
    "24 hours": "range=24h",
    "1 hour": "range=1h",
}


def prepare(folder: Path) -> tuple[Any, Any]:
    """Set Django up with a monitor on a SQLite file; return a browser of a user of staff, and the model."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.conf import settings

    settings.DATABASES = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "monitoring.sqlite3"}
    }
    settings.ROOT_URLCONF = "tests.monitoring.urls"
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.null"
    settings.STATIC_URL = "/static/"
    settings.TIME_ZONE = "Europe/Berlin"
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.monitoring import watched

    call_command("migrate", verbosity=0)
    watched.make_tables("default")
    watched.register_all()
    client = Client()
    client.force_login(User.objects.create_user("staff", is_staff=True))
    return client, watched.Checkout


def fill(model: Any, start: int, count: int, end: float) -> float:
    """Add values, spread over the year that ends at `end`; return the seconds that took."""
    from django_metrics_statsd.monitoring.rollups.points import Sample
    from django_metrics_statsd.monitoring.rollups.writing import write

    chance, took = random.Random(start), 0.0
    for first in range(0, count, BATCH):
        progress(f"{start + first:,} of {ADDS:,} adds")
        batch = [
            (model, Sample(end - YEAR * (1 - (first + index) / count), "", chance.lognormvariate(4, 0.8)))
            for index in range(min(BATCH, count - first))
        ]
        before = time.perf_counter()
        kept, dropped, _ = write(batch)
        took += time.perf_counter() - before
        if kept or dropped:
            raise RuntimeError(f"{len(kept)} were not written, {dropped} were refused")
    progress("")
    return took


def timed(call: Callable[[], Any]) -> float:
    """Return the milliseconds that a call takes, the median of some after a first."""
    call()
    figures = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        figures.append((time.perf_counter() - start) * 1_000)
    return median(figures)


def get(client: Any, query: str) -> None:
    """Get a chart.

    Raises:
        RuntimeError: the answer is no chart.
    """
    response = client.get(f"/monitoring/monitors/checkout/chart/?{query}")
    if response.status_code != 200 or b"monitor-drawn" not in response.content:
        raise RuntimeError(f"{query} answered {response.status_code}")


def adding(model: Any) -> Table:
    """Time an ``add`` at the caller."""
    from django.conf import settings

    from django_metrics_statsd.monitoring.rollups.road import road

    settings.MONITORING_WRITE = "background"
    settings.MONITORING_FLUSH_INTERVAL = 60.0
    settings.MONITORING_BUFFER = 10_000_000
    table = Table("What an add costs whoever calls it")
    rounds = 900  # fewer than wake the thread
    for _ in range(10):
        model.add(1.0)
    start = time.perf_counter()
    for number in range(rounds):
        model.add(float(number))
    table.add("add() in a request", "ours", (time.perf_counter() - start) / rounds * 1e6, "us")
    road.close()
    return table


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    with TemporaryDirectory(prefix="monitoring-") as folder:
        client, model = prepare(Path(folder))
        end, added = time.time(), 0
        for share in (100, 10, 1):
            count = ADDS // share - added
            took = fill(model, added, count, end)
            added += count
            table = Table(f"A monitor with {added:,} adds in a year, SQLite (median of {ROUNDS})")
            table.add("written", "ours", count / took, "adds/s")
            for what, query in CHARTS.items():
                figure = timed(lambda query=query: get(client, query))  # type: ignore[misc]
                table.add(what, "ours", figure, "ms", limit=LIMIT)
            size = (Path(folder) / "monitoring.sqlite3").stat().st_size
            table.add("the database", "ours", size / 1e6, "MB")
            yield table
        yield adding(model)
