"""``manage.py prune_monitors``: delete rows, rollups and annotations that are older than their retention."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from django_metrics_statsd.monitoring.conf import conf
from django_metrics_statsd.monitoring.register import MonitoringRegistryException, monitor
from django_metrics_statsd.monitoring.rollups import pruning


class Command(BaseCommand):
    """Goes through all monitors, or some; deletes in batches, each a short transaction of its own."""

    help = "Deletes what was added to monitors and is older than MONITORING_RETENTION, or the model's own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take which monitors, and whether only to count."""
        parser.add_argument("monitors", nargs="*", help="names of monitors (default: all)")
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the monitors, one after the other."""
        self.dry = bool(options["dry_run"])
        models = dict.fromkeys(self._models(options["monitors"]))
        for model in models:
            self._prune_rows(model, pruning.retention_of(model)["rows"])
        known = dict(pruning.models_in_rollups())
        asked = {model._meta.label_lower for model in models} if options["monitors"] else set(known)
        for label in sorted(asked & set(known)):
            self._prune_rollups(label, pruning.retention_of(known[label]))
        if not options["monitors"]:
            self._prune_annotations(conf.MONITORING_RETENTION["hour"])

    def _models(self, names: list[str]) -> Iterator[Any]:
        try:
            for name in names or [name for name, _ in monitor.get_all()]:
                yield monitor.get(name)
        except MonitoringRegistryException as error:
            raise CommandError(str(error)) from None

    def _prune_rows(self, model: Any, days: int) -> None:
        if not days or not hasattr(model, "datetime_created"):
            return
        count = pruning.old_rows(model, days).count() if self.dry else sum(pruning.prune_rows(model, days))
        self._say(f"{model._meta.label}: {count} rows older than {days} days")

    def _prune_rollups(self, label: str, days: dict[str, int]) -> None:
        if self.dry:
            count = sum(rows.count() for rows in pruning.old_rollups(label, days))
        else:
            count = sum(pruning.prune_rollups(label, days))
        self._say(f"{label}: {count} rollups older than their retention")

    def _prune_annotations(self, days: int) -> None:
        from django_metrics_statsd.monitoring.tables import Annotation

        if not days:
            return
        rows = Annotation._default_manager.filter(time__lt=timezone.now() - timedelta(days=days))
        count = rows.count() if self.dry else rows._raw_delete(rows.db)
        self._say(f"annotations: {count} older than {days} days")

    def _say(self, what: str) -> None:
        self.stdout.write(f"{what} {'would be' if self.dry else ''} deleted".replace("  ", " "))
