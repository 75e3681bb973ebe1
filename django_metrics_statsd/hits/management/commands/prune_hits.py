"""``manage.py prune_hits``: delete hits, browser timings and events that are too old."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.management.tables import batch_size, delete, said, seconds, tables
from django_metrics_statsd.hits.pruning import Rows, cutoff, prune


class Command(BaseCommand):
    """Deletes in batches, each a short transaction; to be stopped and started again at any time."""

    help = (
        "Deletes hits, browser timings and events older than WT_RETENTION_DAYS, in batches. It can be "
        "stopped at any time: what is deleted stays deleted, and the next run goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how much, how fast and where."""
        parser.add_argument("--days", type=int, help="keep so many days, instead of WT_RETENTION_DAYS")
        parser.add_argument(
            "--batch", type=batch_size, default=5_000, help="rows in one transaction (default: 5000)"
        )
        parser.add_argument(
            "--pause", type=seconds, default=0.0, help="seconds to wait after each batch (default: 0)"
        )
        parser.add_argument("--database", help="only this database of DATABASES")
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the tables, one after the other."""
        days = conf.WT_RETENTION_DAYS if options["days"] is None else options["days"]
        if options["days"] is not None and days < 1:
            raise CommandError(f"--days is {days}; write 1 or more.")
        before = cutoff(days)
        if before is None:
            self.stdout.write(
                "WT_RETENTION_DAYS is 0, which keeps everything for ever; nothing is deleted. "
                "Set it, or give --days."
            )
            return
        with said():
            for rows in tables(options["database"]):
                self._prune(rows, before, options)

    def _prune(self, rows: Rows, before: datetime, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            count = rows.older_than(before).count()
            self._say(1, options, f"{rows}: {count} before {before:%Y-%m-%d %H:%M} would be deleted")
            return
        total = delete(
            rows,
            prune(rows, before, options["batch"]),
            lambda line: self._say(2, options, line),
            options["pause"],
        )
        self._say(1, options, f"{rows}: {total} before {before:%Y-%m-%d %H:%M} deleted")

    def _say(self, verbosity: int, options: dict[str, Any], line: str) -> None:
        if options["verbosity"] >= verbosity:
            self.stdout.write(line)
            self.stdout.flush()
