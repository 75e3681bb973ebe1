"""A year of stats in the store's own form, and how long it takes to read."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

MINUTE, HOUR, DAY = 60, 3_600, 86_400
#: In a minute all processes together time a view so often.
CALLS = 60
Forms = dict[int, list[bytes]]
Figures = dict[str, tuple[float, str, float | None]]


def fill(file: Path, timers: list[str], counters: list[str]) -> Figures:
    """Write minutes of the last hour, hours of a week and days of a year as rolling up makes them."""
    from django.db import connection

    from django_metrics_statsd.monitoring.stats import rolling
    from django_metrics_statsd.monitoring.stats.models import Chunk, StoredWindow

    source = random.Random(2)
    stats, hours = _stats(source, timers, counters)
    now = int(time.time())
    sizes: dict[str, float] = {}
    before = _size(file)
    hour = now // HOUR * HOUR
    for start in range(hour - HOUR, hour, 10):
        for _ in range(8):
            StoredWindow.objects.create(
                id=uuid4(), start=start, step=10, rolled=True, data=_blob(stats, source)
            )
    sizes["windows of an hour, 8 processes"] = _size(file) - before
    for start in range(now // MINUTE * MINUTE - 90 * MINUTE, now // MINUTE * MINUTE, MINUTE):
        StoredWindow.objects.create(id=uuid4(), start=start, step=MINUTE, data=_blob(stats, source))
    before = _size(file)
    day = now // DAY * DAY
    for start in range(day - DAY, day, HOUR):
        made = [_chunk(stat, start, HOUR, forms, source) for stat, forms in stats.items()]
        rolling._insert("default", made)
    per_day = (_size(file) - before) / len(stats)
    Chunk.objects.update(rolled=True)
    before = _size(file)
    for back in range(1, 366):
        start = day - back * DAY
        made = [_chunk(stat, start, DAY, forms, source) for stat, forms in hours.items()]
        rolling._insert("default", made)
    per_old_day = (_size(file) - before) / len(stats) / 365
    connection.close()
    kept = per_day * 7 * len(stats) + per_old_day * 400 * len(stats) + sum(sizes.values())
    return {
        "a stat's day while minutes are kept (7 days)": (per_day, "B", None),
        "a stat's day after that (400 days)": (per_old_day, "B", None),
        "windows of the last hour, 8 processes": (sum(sizes.values()) / 1e6, "MB", None),
        "all of 200 stats with what is kept by default": (kept / 1e6, "MB", None),
    }


def _size(file: Path) -> float:
    return float(file.stat().st_size)


def _stats(source: random.Random, timers: list[str], counters: list[str]) -> tuple[Forms, Forms]:
    """Return packed minutes and hours of each stat, more than a chunk has. Half the timers are quiet."""
    from django_metrics_statsd.monitoring.stats.naming import id_of

    minutes: Forms = {}
    hours: Forms = {}
    for number, name in enumerate(timers):
        calls = CALLS if number % 2 else 3
        minutes[id_of("t", name)] = [_timer(source, calls) for _ in range(90)]
        hours[id_of("t", name)] = [_timer(source, calls * 20) for _ in range(30)]
    for name in counters:
        minutes[id_of("c", name)] = [_counter(source, 100) for _ in range(90)]
        hours[id_of("c", name)] = [_counter(source, 6_000) for _ in range(30)]
    _names(timers, counters)
    return minutes, hours


def _timer(source: random.Random, calls: int) -> bytes:
    from django_metrics_statsd.monitoring.stats import points

    point = points.TimerPoint()
    point.take([source.lognormvariate(3, 0.8) for _ in range(calls)])
    return points.pack(point)


def _counter(source: random.Random, most: int) -> bytes:
    from django_metrics_statsd.monitoring.stats import points

    return points.pack(points.CounterPoint(source.randrange(most)))


def _names(timers: list[str], counters: list[str]) -> None:
    from django_metrics_statsd.monitoring.stats.models import StatName
    from django_metrics_statsd.monitoring.stats.naming import id_of

    today = datetime.now(UTC).date()
    for letter, names in (("t", timers), ("c", counters)):
        StatName.objects.bulk_create(
            StatName(id=id_of(letter, name), name=name, kind=letter, seen=today) for name in names
        )


def _blob(stats: dict[int, list[bytes]], source: random.Random) -> bytes:
    from django_metrics_statsd.monitoring.stats import blobs

    return blobs.pack({stat: source.choice(forms) for stat, forms in stats.items()})


def _chunk(stat: int, start: int, span: int, forms: list[bytes], source: random.Random) -> Any:
    from django_metrics_statsd.monitoring.stats import rolling

    step = MINUTE if span == HOUR else HOUR
    chosen = source.sample(forms, span // step)
    return rolling._chunk(stat, start, span, [(start + step * at, part) for at, part in enumerate(chosen)])


def readings(timer: str, counter: str) -> Figures:
    """Return how long it takes to read, in milliseconds, and the most that it may."""
    from django_metrics_statsd.monitoring.stats import reading

    now = datetime.now(UTC)
    hour, day, week, year = (timedelta(seconds=size) for size in (HOUR, DAY, 7 * DAY, 365 * DAY))
    questions: dict[str, tuple[Callable[[], object], float]] = {
        "a timer's year by days, p95": (lambda: reading.series(timer, now - year, now, figure="p95"), 300.0),
        "a timer's year by hours, p95": (
            lambda: reading.series(timer, now - year, now, HOUR, "p95"),
            1_000.0,
        ),
        "a counter's year by days": (lambda: reading.series(counter, now - year, now), 300.0),
        "a timer's last week by hours": (lambda: reading.series(timer, now - week, now, figure="p95"), 300.0),
        "a timer's last hour by minutes": (
            lambda: reading.series(timer, now - hour, now, figure="p95"),
            100.0,
        ),
        "a timer's last hour by windows": (
            lambda: reading.series(timer, now - 0.95 * hour, now, 10),
            1_000.0,
        ),
        "slowest of 150 timers, last hour": (lambda: reading.top("view.", now - hour, now, "p95"), 500.0),
        "slowest of 150 timers, last day": (lambda: reading.top("view.", now - day, now, "p95"), 500.0),
        "names by a part of them": (lambda: reading.names("section1 get"), 50.0),
    }
    return {what: (_best(ask), "ms", limit) for what, (ask, limit) in questions.items()}


def _best(ask: Callable[[], object]) -> float:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1000)
    return median(took)
