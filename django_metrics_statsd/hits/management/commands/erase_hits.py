"""``manage.py erase_hits``: delete what was recorded of one user or one address."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from django_metrics_statsd.hits.addresses import anonymise, parsed
from django_metrics_statsd.hits.conf import address_key, conf
from django_metrics_statsd.hits.events.watchers import FAILED
from django_metrics_statsd.hits.management.tables import batch_size, delete, said, tables
from django_metrics_statsd.hits.models import Event, Timing
from django_metrics_statsd.hits.pruning import Rows, erase
from django_metrics_statsd.hits.storages.django_aliases import is_django


class Command(BaseCommand):
    """Deletes hits and events from the project's databases. Browser timings name nobody."""

    help = (
        "Deletes the hits and events that have a user's name or an address, from the databases of all django "
        "storages. Records that are still on their way, and other storages, are not looked into."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whose rows."""
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--user", help="the name of a user, exactly as it was recorded")
        whose.add_argument("--ip", help="an address, as the visitor has it or as it was recorded")
        parser.add_argument(
            "--batch", type=batch_size, default=5_000, help="rows in one transaction (default: 5000)"
        )
        parser.add_argument("--database", help="only this database of DATABASES")
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete from all tables that name people, and say what was left alone."""
        chosen = self._chosen(options)
        with said():
            for rows in tables(options["database"]):
                if rows.model is not Timing:
                    self._erase(rows, chosen, options)
        for alias, storage in conf.WT_DATABASES.items():
            if not is_django(storage["type"]):
                self.stdout.write(
                    f"Storage {alias!r} ({storage['type']}) is left alone: delete there yourself."
                )

    def _chosen(self, options: dict[str, Any]) -> dict[str, Any]:
        if not options["ip"]:
            if not options["user"]:
                raise CommandError("--user is empty; rows without a user belong to nobody in particular.")
            return {"user": options["user"]}
        address = parsed(options["ip"])
        if address is None:
            raise CommandError(f"--ip is {options['ip']!r}, which is no address.")
        found = {str(address), f"::ffff:{address}"} if address.version == 4 else {str(address)}
        if conf.WT_ANONYMIZE_IP == "hash":
            found.add(anonymise(str(address), "hash", address_key()))
        elif conf.WT_ANONYMIZE_IP == "truncate":
            network = anonymise(str(address), "truncate", b"")
            self.stdout.write(
                f"Addresses are cut to networks; rows of {network} are of many visitors and stay."
            )
        return {"ip__in": sorted(found)}

    def _erase(self, rows: Rows, chosen: dict[str, Any], options: dict[str, Any]) -> None:
        condition = Q(**chosen)
        if rows.model is Event and "user" in chosen:
            # A failed login is nobody's, but says whose it was said to be.
            condition |= Q(name=FAILED, event_class="Warning", data__username=chosen["user"])
        matching = rows.all().filter(condition)
        if options["dry_run"]:
            self.stdout.write(f"{rows}: {matching.count()} would be deleted")
            return

        def tell(line: str) -> None:
            if options["verbosity"] > 1:
                self.stdout.write(line)

        total = delete(rows, erase(matching, options["batch"]), tell)
        self.stdout.write(f"{rows}: {total} deleted")
