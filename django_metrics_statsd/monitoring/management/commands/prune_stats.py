"""``manage.py prune_stats``: roll up and prune the stats store now, and forget stats by name."""

from __future__ import annotations

from time import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring.stats import pruning, rolling
from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.models import StatName
from django_metrics_statsd.monitoring.stats.patterns import matcher, narrowed


class Command(BaseCommand):
    """Does at once, and to the end, what a process of the site does bit by bit."""

    help = (
        "Roll up what is due and delete what is too old in the stats store. Processes with its client "
        "do so by themselves; this is for sites that have stopped, and for deleting stats by name."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--forget``."""
        parser.add_argument(
            "--forget",
            metavar="PATTERN",
            help="Also delete the stats whose names are like this, with * for anything, or else begin so.",
        )

    def handle(self, *args: Any, forget: str | None = None, verbosity: int = 1, **options: Any) -> None:
        """Do it, and say what was done."""
        alias = conf.MONITORING_STATS_DATABASE
        with muted():
            for work in (rolling.roll(alias, time()), pruning.prune(alias, time())):
                for done in work:
                    self._say(done, verbosity)
            if forget:
                for done in pruning.forget(alias, _like(alias, forget)):
                    self._say(done, verbosity)

    def _say(self, done: str, verbosity: int) -> None:
        if verbosity:
            self.stdout.write(done)


def _like(alias: str, pattern: str) -> list[int]:
    matches = matcher(pattern)
    names = StatName.objects.using(alias).filter(narrowed(pattern)).values_list("id", "name")
    return [number for number, name in names if matches(name)]
