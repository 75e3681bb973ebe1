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
from django_metrics_statsd.hits.collector.texts import printable
from django_metrics_statsd.hits.events.log import left_out
from django_metrics_statsd.hits.plan import redis_address
from django_metrics_statsd.hits.storages.base import Storage, Unavailable
from django_metrics_statsd.hits.storages.loading import make_storages
from django_metrics_statsd.hits.transports.redis import FAILURES, explain


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
        parser.add_argument(
            "--max-lag", type=int, metavar="N", help="with --status: fail where a storage is further behind"
        )
        parser.add_argument(
            "--forget", metavar="ALIAS", help="keep nothing any more for a storage that is gone"
        )
        parser.add_argument("--discard", action="store_true", help="throw away what was set aside")
        parser.add_argument("--dead", action="store_true", help="print what was set aside and why, and end")
        parser.add_argument(
            "--replay", action="store_true", help="try again with what was set aside, and end"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until SIGTERM or SIGINT; the batch at hand is finished first."""
        if options["status"]:
            self._print_status(options["max_lag"])
            return
        collector = self._make(options)
        with closing(collector):
            try:
                self._do(collector, options)
            except FAILURES as error:
                raise CommandError(str(explain(error, collector.address))) from error

    def _do(self, collector: Collector, options: dict[str, Any]) -> None:
        if options["forget"]:
            self._forget(collector, options["forget"])
        elif options["dead"]:
            self._print_dead(collector)
        elif options["replay"]:
            self._replay(collector)
        elif options["discard"]:
            self.stdout.write(f"{collector.discard()} thrown away.")
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
        failed = any(progress.failed for progress in collector.progress.values())
        if failed or (options["once"] and not fine):
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

    def _print_status(self, most: int | None) -> None:
        try:
            status = read_status()
        except (LookupError, Unavailable) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(status, indent=2))
        if most is not None:
            late = [alias for alias, each in status["storages"].items() if behind(each) > most]
            if late:
                raise CommandError(f"More than {most} records behind: {', '.join(sorted(late))}.")

    def _forget(self, collector: Collector, alias: str) -> None:
        try:
            collector.forget(alias)
        except ValueError as error:
            raise CommandError(f"--forget: {error}; take it out there first.") from error
        self.stdout.write(f"Nothing is kept for {alias} any more.")

    def _print_dead(self, collector: Collector) -> None:
        for letter in collector.dead:
            self.stdout.write(printable(f"{letter.key.decode()}: {letter.reason}"))
        self.stdout.write(f"{len(collector.dead)} set aside.")

    def _replay(self, collector: Collector) -> None:
        try:
            done, left = collector.replay()
        except Unavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done} found their place, {left} are still set aside.")


def behind(storage: dict[str, Any]) -> float:
    """Return how many records a storage lacks, by its status; endless where Redis cannot tell."""
    return float("inf") if storage["lag"] is None else float(storage["lag"] + storage["pending"])


def _say_nothing(*args: object) -> None:
    """Show nothing."""


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Have SIGTERM and SIGINT set `stop` while the block runs; the same again does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[int, Any] = {}

    def handle(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(number, previous[number])  # a storage may hang for longer than one would wait

    for each in (signal.SIGTERM, signal.SIGINT):
        previous[each] = signal.signal(each, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
