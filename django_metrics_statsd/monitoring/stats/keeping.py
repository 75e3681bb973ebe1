"""What a process does with the store, and does not let fail into anything: write, roll up, prune."""

from __future__ import annotations

from random import random
from time import monotonic, time
from typing import Final

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, OperationalError, connections
from django.utils.connection import ConnectionDoesNotExist

from django_metrics_statsd.deadlocks import gave_way
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring.stats import pruning, rolling
from django_metrics_statsd.monitoring.stats.backlog import Backlog
from django_metrics_statsd.monitoring.stats.claims import claim
from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.window import Key
from django_metrics_statsd.monitoring.stats.writing import Writer
from django_metrics_statsd.safety import Telemetry, failed, say_once

#: How often one of all processes rolls up and prunes, in seconds, and for how long at once.
EVERY: Final = 60.0
AT_ONCE: Final = 5.0
#: How old a window may be that is tried again, in seconds: less than those that were written stay at least,
#: so that one that did arrive is still there and not written twice.
OLDEST: Final = 3_000.0


class Keeper:
    """One process's keeper of the store."""

    def __init__(self, counts: Telemetry) -> None:
        self._writer = Writer(counts)
        self._next = monotonic() + EVERY * random() / 4

    @property
    def regulars(self) -> set[Key]:
        """Kinds and names of stats that this process has written."""
        return self._writer.regulars

    def write(self, backlog: Backlog, patience: float) -> bool:
        """Write all that waits; say whether it went. What did not, waits on."""
        backlog.drop_older(time() - OLDEST)
        try:
            try:
                self._writer.write(backlog, patience)
            except OperationalError as error:
                if not gave_way(error):
                    raise
                self._writer.write(backlog, patience)
        except (Error, ConnectionDoesNotExist, ImproperlyConfigured) as error:
            _say(error)
        except Exception:
            failed("monitoring.stats.write")
        return not len(backlog)

    def tidy(self) -> None:
        """Roll up and prune, if it is time and no other process is at it. Only for the store's own thread."""
        if monotonic() < self._next:
            return
        self._next = monotonic() + EVERY * (0.9 + random() / 5)
        alias = conf.MONITORING_STATS_DATABASE
        try:
            with muted():
                _tidy(alias)
        except Error as error:
            _say(error)
        except Exception:
            failed("monitoring.stats.tidy")
        finally:
            connections[alias].close()


def _tidy(alias: str) -> None:
    if not claim(alias, "tidy", EVERY * 0.8):
        return
    deadline = monotonic() + AT_ONCE
    for work in (pruning.prune(alias, time()), rolling.roll(alias, time())):
        for _ in work:
            if monotonic() > deadline:
                return


def _say(error: Exception) -> None:
    say_once(
        "monitoring.stats",
        "stats cannot be written into database %r (%s: %s); they wait in memory. If it lacks their tables, "
        "run manage.py migrate metrics_monitoring --database %s",
        conf.MONITORING_STATS_DATABASE,
        type(error).__name__,
        str(error).strip().split("\n")[0][:300],
        conf.MONITORING_STATS_DATABASE,
    )
