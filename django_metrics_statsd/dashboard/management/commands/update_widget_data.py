"""``manage.py update_widget_data``: updates the dashboard's widgets, once or for as long as it runs."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, close_old_connections, connections

from django_metrics_statsd.dashboard.exceptions import WidgetNotRegistered
from django_metrics_statsd.dashboard.hands import Hands
from django_metrics_statsd.dashboard.live import messenger
from django_metrics_statsd.dashboard.updating import Busy, Outcome, update
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool

#: Exit status where another process is updating: EX_TEMPFAIL of sysexits.h, "try again later".
BUSY = 75
#: Seconds between two looks at what is due with ``--loop``, give or take a quarter.
ROUND = 1.0
#: How a result is shown, and from which verbosity on.
LEVELS = {"failed": 0, "updated": 1, "unchanged": 2, "needs": 2}


class Command(BaseCommand):
    """Updates widgets that are due. Of several at once, on any machines, only one works."""

    help = "Update the dashboard's widgets that are due. Run it from cron each minute, or with --loop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("widgets", nargs="*", metavar="NAME", help="only these widgets")
        parser.add_argument("--force", action="store_true", help="whether they are due or not")
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or SIGINT")
        parser.add_argument("--list", action="store_true", help="print the widgets and their intervals")
        parser.add_argument(
            "--wait", type=float, default=10.0, metavar="SECONDS", help="for another process to finish (10)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Update once, or in a loop; exit with 1 where a widget failed, 75 where another process is at it."""
        self.verbosity = options["verbosity"]
        self._check(options["widgets"])
        if options["list"]:
            self._list()
            return
        names = options["widgets"] or None
        stop = threading.Event()
        try:
            with _ended_by_signals(stop):
                if options["loop"]:
                    self._loop(names, stop, force=options["force"])
                else:
                    self._once(names, stop, force=options["force"], wait=options["wait"])
        finally:
            messenger.close()

    def _once(self, names: list[str] | None, stop: threading.Event, *, force: bool, wait: float) -> None:
        outcomes = self._update(names, stop, force=force, until=time.monotonic() + wait)
        failed = [outcome.name for outcome in outcomes if outcome.result == "failed"]
        if self.verbosity and not outcomes:
            self.stdout.write("Nothing is due.")
        if failed:
            raise CommandError(f"{len(failed)} of {len(outcomes)} failed: {', '.join(failed)}.")

    def _update(
        self, names: list[str] | None, stop: threading.Event, *, force: bool, until: float
    ) -> list[Outcome]:
        while True:
            try:
                return update(names, force=force, told=self._tell, stopped=stop.is_set)
            except Busy as error:
                if time.monotonic() >= until or stop.wait(0.2):
                    raise CommandError(
                        f"Widgets are being updated by process {error}. Try again later, or give it more "
                        "time with --wait.",
                        returncode=BUSY,
                    ) from None

    def _loop(self, names: list[str] | None, stop: threading.Event, *, force: bool) -> None:
        """Each round differs a little in length, so that machines do not keep step."""
        hands = Hands()
        while not stop.is_set():
            try:
                close_old_connections()
                update(names, force=force, told=self._tell, stopped=stop.is_set, hands=hands)
                force = False  # that was for the first round
            except Busy as error:
                if self.verbosity > 1:
                    self.stdout.write(f"Process {error} is updating.")
            except DatabaseError as error:
                connections.close_all()
                self.stderr.write(f"The database cannot be used: {type(error).__name__}: {error}")
            stop.wait(ROUND * random.uniform(0.75, 1.25))
        hands.end()

    def _tell(self, outcome: Outcome) -> None:
        if self.verbosity < LEVELS[outcome.result]:
            return
        note = f": {outcome.note}" if outcome.note else ""
        line = f"{outcome.name}: {outcome.result} in {outcome.seconds * 1000:.0f} ms{note}"
        (self.stderr if outcome.result == "failed" else self.stdout).write(line)

    def _check(self, names: list[str]) -> None:
        for name in names:
            try:
                dashboard_widget_pool.get_widget(name)
            except WidgetNotRegistered as error:
                raise CommandError(str(error)) from None

    def _list(self) -> None:
        for name, widget in dashboard_widget_pool.get_widgets().items():
            last = widget.get_last_update()
            when = last.isoformat(timespec="seconds") if last else "never"
            self.stdout.write(f"{name}: every {widget.update_interval:g} s, last {when}")


@contextmanager
def _ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Have SIGTERM and SIGINT end it after the widget at hand; the same again does what it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[int, Any] = {}

    def handle(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(number, previous[number])

    for each in (signal.SIGTERM, signal.SIGINT):
        previous[each] = signal.signal(each, handle)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
