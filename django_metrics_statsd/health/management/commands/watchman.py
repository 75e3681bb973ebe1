"""``manage.py watchman``: run the checks without a server; the exit code says how it went."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_metrics_statsd.health import runner
from django_metrics_statsd.health.formats.json import Encoder, shaped, terse
from django_metrics_statsd.health.loading import Named, choose, loaded
from django_metrics_statsd.health.results import Result


class Command(BaseCommand):
    """Silent when all is well; errors go to stderr with their stack traces, and the exit code is 1."""

    help = "Runs the health checks. Exit code 1 when one fails."
    requires_system_checks: list[str] = []  # the checks tell what is wrong, and a database may be down

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to run, and what not."""
        parser.add_argument("-c", "--checks", help="only these: dotted paths or names, with commas between")
        parser.add_argument("-s", "--skips", help="not these: dotted paths or names, with commas between")
        parser.add_argument("-g", "--group", help="the checks of this group, such as ready or startup")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks, side by side, and say what they found."""
        chosen = _chosen(options["group"], options["checks"], options["skips"])
        report = runner.run([named.check for named in chosen], fresh=True)
        for check in dict.fromkeys(result.check for result in report.results):
            self._say([result for result in report.results if result.check == check], options["verbosity"])
        if not report.good:
            bad = ", ".join(result.name for result in report.results if not result.state.good)
            raise CommandError(f"Not healthy: {bad}.")

    def _say(self, results: list[Result], verbosity: int) -> None:
        found = terse(results) if verbosity < 3 else shaped(results, trusted=True)
        line = json.dumps(found, cls=Encoder)
        if not all(result.state.good for result in results):
            self.stderr.write(line)
        elif verbosity >= 2:
            self.stdout.write(line)


def _chosen(group: str | None, checks: str | None, skips: str | None) -> list[Named]:
    only, unwanted = _split(checks), _split(skips) or []
    among = _group(group)
    _refuse_unknown([*(only or []), *unwanted], among)
    chosen = list(choose(among, only, unwanted))
    if not chosen and (checks is not None or skips is not None):
        raise CommandError("Nothing is left to check: --checks and --skips leave none.")
    return chosen


def _group(name: str | None) -> tuple[Named, ...]:
    groups = loaded.now.groups
    if name is None:
        return loaded.now.all
    if name not in groups:
        raise CommandError(f"There is no group {name!r}; WATCHMAN_GROUPS has {', '.join(sorted(groups))}.")
    return groups[name]


def _split(names: str | None) -> list[str] | None:
    return None if names is None else [name.strip() for name in names.split(",") if name.strip()]


def _refuse_unknown(names: Iterable[str], among: Iterable[Named]) -> None:
    """A mistyped name must not look like health."""
    paths = [named.path for named in among]
    for name in names:
        if not any(named.answers_to(name) for named in among):
            raise CommandError(f"{name!r} is none of the checks, which are: {', '.join(paths)}.")
