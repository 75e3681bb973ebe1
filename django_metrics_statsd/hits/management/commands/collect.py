"""``manage.py collect``: moves hits and events from Redis into the storages of ``WT_DATABASES``."""

from __future__ import annotations

import json
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from django_metrics_statsd.hits.collector.display import Display
from django_metrics_statsd.hits.collector.run import Collector
from django_metrics_statsd.hits.collector.status import read_status
from django_metrics_statsd.hits.events.log import left_out
from django_metrics_statsd.hits.plan import redis_address
from django_metrics_statsd.hits.storages.base import Storage, Unavailable
from django_metrics_statsd.hits.storages.loading import make_storages


class Command(BaseCommand):
    """Runs a collector. Start as many as you like, on as many machines as you like."""

    help = "Move hits and events from Redis into the storages; run as many side by side as are needed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="end when there is nothing left to move")
        parser.add_argument("--batch", type=int, metavar="N", help="records to write at once (WT_BATCH)")
        parser.add_argument(
            "--consumer", metavar="NAME", help="this collector's own name, the same at each start"
        )
        parser.add_argument(
            "--storage", action="append", metavar="ALIAS", help="only this storage; repeatable"
        )
        parser.add_argument("--status", action="store_true", help="print how far the collectors are, and end")
        parser.add_argument("--dead", action="store_true", help="print what was set aside and why, and end")
        parser.add_argument(
            "--replay", action="store_true", help="try again with what was set aside, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; the batch at hand is finished first."""
        if options["status"]:
            self._print_status()
            return
        collector = self._make(options)
        with closing(collector):
            if options["dead"]:
                self._print_dead(collector)
            elif options["replay"]:
                self._replay(collector)
            else:
                self._run(collector, options)

    def _make(self, options: dict[str, Any]) -> Collector:
        address = redis_address()
        if address is None:
            raise CommandError(
                "WT_REDIS is unset, so each process writes to the storages itself and there is nothing to "
                "collect. Set WT_REDIS = {'addr': 'localhost:6379', 'db': 0} to have records wait in Redis."
            )
        if options["batch"] is not None and not 1 <= options["batch"] <= 100_000:
            raise CommandError(f"--batch is {options['batch']}; allowed are 1 to 100000.")
        try:
            storages = self._chosen(make_storages(), options["storage"])
            return Collector(
                address,
                storages,
                consumer=options["consumer"],
                batch=options["batch"],
                once=options["once"],
            )
        except (ImproperlyConfigured, Unavailable) as error:
            raise CommandError(str(error)) from error

    def _chosen(self, storages: list[Storage], aliases: list[str] | None) -> list[Storage]:
        known = [storage.alias for storage in storages]
        strange = sorted(set(aliases or ()) - set(known))
        if strange:
            raise CommandError(
                f"--storage {strange[0]} is not in WT_DATABASES; there are {', '.join(known)}."
            )
        if not storages:
            raise CommandError("WT_DATABASES has no storage in it.")
        return [storage for storage in storages if aliases is None or storage.alias in aliases]

    def _run(self, collector: Collector, options: dict[str, Any]) -> None:
        live = self.stdout.isatty()
        display = Display(self._write, live=live, width=shutil.get_terminal_size().columns)
        with _ended_by_signals(collector.stop), left_out():
            if options["verbosity"]:
                self._introduce(collector)
            fine = collector.run(display if options["verbosity"] else _say_nothing)
        display.end()
        if options["once"] and not fine:
            errors = [f"{alias}: {each.error}" for alias, each in collector.progress.items() if each.error]
            raise CommandError("Not everything could be moved: " + "; ".join(errors))

    def _introduce(self, collector: Collector) -> None:
        self.stdout.write(
            f"Collecting as {collector.consumer} from {collector.address.shown} into "
            f"{', '.join(collector.progress)}."
        )

    def _write(self, text: str) -> None:
        self.stdout.write(text, ending="")
        self.stdout.flush()

    def _print_status(self) -> None:
        try:
            self.stdout.write(json.dumps(read_status(), indent=2))
        except (LookupError, Unavailable) as error:
            raise CommandError(str(error)) from error

    def _print_dead(self, collector: Collector) -> None:
        for letter in collector.dead:
            self.stdout.write(f"{letter.key.decode()}: {letter.reason}")
        self.stdout.write(f"{len(collector.dead)} set aside.")

    def _replay(self, collector: Collector) -> None:
        try:
            done, left = collector.replay()
        except Unavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} found their place, {left} are still set aside.")


def _say_nothing(*args: object) -> None:
    """Show nothing."""


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Have SIGTERM and SIGINT set `stop` while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {each: signal.signal(each, lambda *_: stop.set()) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
