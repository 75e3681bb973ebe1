"""A process that emits stats into the store; started by `stores.Child` with JSON that says what.

``seed`` and ``count``: so many counts, and times from that seed, spread over ``seconds``. It says ``ready``
when all is emitted and, with ``hold``, waits for a line before it ends.
``roll`` has it roll up instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import sys
import time
from typing import Any


def times(seed: int, count: int) -> list[float]:
    """The times, in milliseconds, that a child emits."""
    source = random.Random(seed)
    return [source.lognormvariate(3, 1.2) for _ in range(count)]


def configure(told: dict[str, Any]) -> None:
    import django
    from django.conf import settings

    if "pymysql" in told:
        from tests.hits.databases import use_pymysql

        use_pymysql()
    settings.configure(
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
            "stats": told["database"],
        },
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_metrics_statsd.monitoring",
        ],
        USE_TZ=True,
        SECRET_KEY="child",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        STATSD_CLIENT="django_metrics_statsd.monitoring.client",
        STATSD_PATCHES=told.get("patches", []),
        MONITORING_STATS_DATABASE="stats",
        MONITORING_STATS_WINDOW=told.get("window", 1),
        MONITORING_STATS_NAMES=told.get("names", 5000),
    )
    django.setup()


def say(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def emit(told: dict[str, Any]) -> None:
    from django_metrics_statsd.clients import statsd

    count, bursts = told["count"], told.get("bursts", 10)
    values = times(told["seed"], count)
    for burst in range(bursts):
        for value in values[burst::bursts]:
            statsd.incr("requests")
            statsd.timing("took", value)
        statsd.gauge("level", told["seed"])
        statsd.set("users", f"user{told['seed']}")
        for number in range(burst, told.get("flood", 0), bursts):
            statsd.incr(f"flood.{told['seed']}.{number}")
        time.sleep(told.get("seconds", 0) / bursts)


def roll(ahead: float) -> None:
    """Roll up all the time, as of some seconds ahead, until there is a line to read."""
    from django.db import Error

    from django_metrics_statsd.monitoring.stats import rolling

    say(ready=True)
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        with contextlib.suppress(Error):  # locked by another one, for too long
            for _ in rolling.roll("stats", time.time() + ahead):
                pass


def main() -> None:
    told = json.loads(sys.argv[1])
    configure(told)
    if "roll" in told:
        roll(told["roll"])
        return
    from django_metrics_statsd import background
    from django_metrics_statsd.clients import statsd

    background.handle_sigterm()
    emit(told)
    if told.get("forks"):
        statsd.flush(20)  # a process forks while its thread rests: what C libraries hold, no child could free
    for seed in told.get("forks", []):
        if os.fork() == 0:
            emit({**told, "seed": seed})
            statsd.close()
            os._exit(0)
    for _ in told.get("forks", []):
        assert os.wait()[1] == 0
    if told.get("flush"):
        statsd.flush(20)
    say(ready=True, telemetry=statsd.telemetry(), pid=os.getpid())
    if told.get("hold"):
        sys.stdin.readline()


if __name__ == "__main__":
    main()
