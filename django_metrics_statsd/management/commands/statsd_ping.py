"""``manage.py statsd_ping``: send one stat and say what became of it."""

from __future__ import annotations

from argparse import ArgumentParser
from time import sleep
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.dispatch import Signal

from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.conf import conf

#: Seconds to give the network to say that a port is closed.
ICMP_WAIT = 0.1

#: Sent for every ping, whatever becomes of the stat, with ``key``, ``count`` and ``text``: who draws charts
#: of their own marks the moment.
pinged = Signal()


class Command(BaseCommand):
    """Counts one stat, by default ``ping``, now: to mark a deploy in charts, and to try the connection."""

    help = "Counts one stat now, flushes, and says where it went: to mark a deploy, or to try the connection."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the stat's name and how often to count it."""
        parser.add_argument("-k", "--key", default="ping", help="the stat to count (default: ping)")
        parser.add_argument("-c", "--count", type=int, default=1, help="how much to add (default: 1)")
        parser.add_argument("-m", "--message", default="", help="what charts show of it (default: the key)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, and exit with 1 if the stat was dropped."""
        key, count = options["key"], options["count"]
        pinged.send_robust(type(self), key=key, count=count, text=options["message"] or key)
        lost = self._send(key, count)
        if not lost:
            sleep(ICMP_WAIT)
            lost = self._send(key, 0)  # over UDP, that nobody listens shows only at the next packet
        if lost:
            raise CommandError(
                f"{key} was dropped ({', '.join(lost)}) on its way to {statsd.destination}. "
                "See STATSD_URL, STATSD_HOST and STATSD_PORT."
            )
        if options["verbosity"]:
            self.stdout.write(f"{key}:{count}|c sent to {statsd.destination}")

    def _send(self, key: str, count: int) -> list[str]:
        """Send, and return the reasons for which something was dropped meanwhile."""
        before = dict(statsd.telemetry()["dropped"])
        statsd.incr(key, count)
        statsd.flush(timeout=2 * conf.STATSD_TIMEOUT + 1)
        after = statsd.telemetry()["dropped"]
        return sorted(reason for reason in after if after[reason] != before.get(reason, 0))
