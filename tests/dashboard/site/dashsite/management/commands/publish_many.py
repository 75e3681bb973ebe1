"""``publish_many N NAME …``: change widgets as fast as can be, as one process of many."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_metrics_statsd.dashboard.live import changes


class Command(BaseCommand):
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("times", type=int)
        parser.add_argument("names", nargs="+")

    def handle(self, *args: Any, **options: Any) -> None:
        numbers = [changes.record(options["names"]) for _ in range(options["times"])]
        self.stdout.write(" ".join(map(str, numbers)))
