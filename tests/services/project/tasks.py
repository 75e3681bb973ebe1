"""A Celery application with a task that counts itself and one that fails, and a way to send them.

`python -m project.tasks 1000 10` sends a thousand of the one and ten of the other.
"""

from __future__ import annotations

import os
import sys

import django
from celery import Celery

from django_metrics_statsd.clients import statsd

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")


@app.task(name="work", ignore_result=True)
def work() -> None:
    statsd.incr("task.ran")
    through()


@app.task(name="fail", ignore_result=True)
def fail() -> None:
    through()
    raise RuntimeError("this task fails on purpose")


def through() -> None:
    """Tell the broker: the tests wait for the last task there, whatever became of the stats."""
    with app.pool.acquire(block=True) as link:
        link.default_channel.client.incr("done")


if __name__ == "__main__":
    django.setup()
    for task, times in ((work, sys.argv[1]), (fail, sys.argv[2])):
        for _ in range(int(times)):
            task.delay()
