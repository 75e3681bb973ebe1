"""How long does the server draw a chart, and how large is it, for few and for many points?

Not among the default questions. A point is a pair of an aware datetime and a float, as a query brings it, or
of epoch seconds and a float.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from math import sin
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.report import Table

ROUNDS = 15
DAY = 86_400
END = datetime(2026, 11, 26, 14, 0, tzinfo=UTC).timestamp()
TEMPLATES = Path(__file__).parents[1] / "django_metrics_statsd" / "monitoring" / "templates"
CASES = ((1, 1_000), (5, 1_000), (1, 10_000), (1, 100_000), (5, 100_000))


def _points(count: int, phase: int, aware: bool) -> list[Any]:
    found: list[Any] = []
    for at in range(count):
        moment = END - DAY + (at + 1) * DAY / count
        value = 50 + 30 * sin(at * 12 / count + phase) + at * 7919 % 101 / 10
        found.append((datetime.fromtimestamp(moment, UTC) if aware else moment, value))
    return found


def measure(series: int, points: int, aware: bool) -> tuple[float, int]:
    """Return milliseconds, the least of `ROUNDS`, and bytes of a chart."""
    from django_metrics_statsd.monitoring.charts import Chart, Series, render

    parts = [Series(f"series {at}", _points(points, at, aware)) for at in range(series)]
    chart = Chart("Response time", parts, END - DAY, END, unit="ms", tz=ZoneInfo("Europe/Berlin"))
    markup = render(chart)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        render(chart)
        times.append(time.perf_counter() - start)
    return min(times) * 1e3, len(markup.encode())


def _configure() -> None:
    import django
    from django.conf import settings

    if settings.configured:
        return
    backend = "django.template.backends.django.DjangoTemplates"
    settings.configure(TEMPLATES=[{"BACKEND": backend, "DIRS": [TEMPLATES]}], USE_TZ=True)
    django.setup()


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    _configure()
    table = Table(f"A chart with axes, legend and a table of 200 rows (best of {ROUNDS} rounds)")
    for series, points in CASES:
        for aware in (False, True):
            took, size = measure(series, points, aware)
            what = f"{series} x {points:,} points, {'datetimes' if aware else 'epoch seconds'}"
            limit = 20.0 if (series, points) == (5, 1_000) else None
            table.add(what, "render", took, "ms", limit=limit)
            table.add("", "its size", size / 1024, "KiB")
    yield table
