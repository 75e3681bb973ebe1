"""``manage.py rollup_monitors``: make the rollups of monitors anew from their rows."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from django_metrics_statsd.monitoring.register import MonitoringRegistryException, monitor
from django_metrics_statsd.monitoring.rollups.rebuilding import days_ago, rebuild


class Command(BaseCommand):
    """For tables that had rows before they had rollups, and after rows were written or deleted by hand."""

    help = "Makes the rollups of monitors anew from the rows of their own tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which monitors, and how far back."""
        parser.add_argument("monitors", nargs="*", help="names of monitors (default: all)")
        parser.add_argument("--days", type=int, help="only the last so many days (default: all)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the monitors, one after the other."""
        days = options["days"]
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError(f"--days is {days}; write 1 to 36500.")
        names = options["monitors"] or [name for name, _ in monitor.get_all()]
        for name in names:
            try:
                model = monitor.get(name)
            except MonitoringRegistryException as error:
                raise CommandError(str(error)) from None
            if getattr(model, "keep_rows", False) and getattr(model, "keep_rollups", False):
                self._rebuild(name, model, options)
            else:
                self.stdout.write(f"{name}: keeps no rows, or no rollups; nothing to do")

    def _rebuild(self, name: str, model: Any, options: dict[str, Any]) -> None:
        total = 0
        for day, count in rebuild(model, days_ago(options["days"]) if options["days"] else None):
            total += count
            if options["verbosity"] > 1:
                self.stdout.write(f"{name}: {day:%Y-%m-%d} {count} rows")
        self.stdout.write(f"{name}: {total} rows rolled up")
