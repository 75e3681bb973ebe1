"""Puts windows into the database: one row each, by one statement, that may be repeated without harm.

A row's id is made before it is first tried. So where a process cannot know whether a row arrived, as when the
server goes away in between, it writes it again. Nobody updates another one's rows, so writers wait for each
other only as long as an insert takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper

from django_metrics_statsd.decorators import muted
from django_metrics_statsd.monitoring.stats import blobs
from django_metrics_statsd.monitoring.stats.backlog import Backlog
from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.connecting import keep, own_connection, table, transaction
from django_metrics_statsd.monitoring.stats.models import Claim, StatName, StoredWindow
from django_metrics_statsd.monitoring.stats.naming import OWN
from django_metrics_statsd.monitoring.stats.points import KINDS
from django_metrics_statsd.monitoring.stats.window import Batch, Key
from django_metrics_statsd.safety import Telemetry

#: Seconds for which names are refused without a look into the database, once it has as many as it may.
REFUSE_SECONDS: Final = 60.0
#: Seconds after which all names are looked up again, so that one that was pruned comes back.
FORGET_SECONDS: Final = 3_600.0
_ROWS: Final = 200
_NAMES_CLAIM: Final = "names"


class Writer:
    """Writes windows. One caller at a time.

    Attributes:
        known: ids of names that are in the database.
        regulars: kinds and names of this process that are among them.
    """

    def __init__(self, counts: Telemetry) -> None:
        self._counts = counts
        self.known: set[int] = set()
        self.regulars: set[Key] = set()
        self._full_until = self._forget_at = 0.0

    def write(self, backlog: Backlog, patience: float) -> None:
        """Write all that waits.

        Args:
            patience: seconds to wait for a server or a lock.

        Raises:
            django.db.Error: it could not be written; what was not is still in the backlog.
        """
        with muted(), own_connection(conf.MONITORING_STATS_DATABASE, patience) as connection:
            while (batch := backlog.first()) is not None:
                self._refuse(batch, self._strangers(connection, batch))
                size = _insert(connection, batch)
                backlog.done()
                self._counts.sent += batch.taken
                self._counts.packets += 1
                self._counts.bytes += size

    def _refuse(self, batch: Batch, strangers: set[int]) -> None:
        if strangers:
            self._counts.drop("names", batch.without(strangers))
        if len(self.regulars) > 2 * conf.MONITORING_STATS_NAMES:
            self.regulars.clear()
        self.regulars.update((KINDS[letter], name) for letter, name in batch.names.values())

    def _strangers(self, connection: BaseDatabaseWrapper, batch: Batch) -> set[int]:
        """Have all names of a batch in the database, and return those that there is no room for."""
        now = monotonic()
        if now > self._forget_at:
            self._forget_at = now + FORGET_SECONDS
            self.known.clear()
        strangers = batch.data.keys() - self.known
        own = any(batch.names[number][1].startswith(OWN) for number in strangers)
        if not strangers or (now < self._full_until and not own):  # our own always have room
            return strangers
        self.known = _all_names(connection)
        strangers -= self.known
        if strangers:
            self.known |= _add_names(connection, batch, strangers)
            strangers -= self.known
        if strangers:
            self._full_until = now + REFUSE_SECONDS
        return strangers


def _all_names(connection: BaseDatabaseWrapper) -> set[int]:
    with transaction(connection) as cursor:
        cursor.execute(f"SELECT id FROM {table(connection, StatName)}")  # noqa: S608 - a name of our own
        return {number for (number,) in cursor.fetchall()}


def _add_names(connection: BaseDatabaseWrapper, batch: Batch, numbers: set[int]) -> set[int]:
    """Add as many of these names as there is room for, and return those. Our own, a few, always have some.

    The claim's row makes processes that all have new names wait for each other, so that none counts what
    another one is about to add.
    """
    _make_claim(connection)
    names, claim = table(connection, StatName), table(connection, Claim)
    with transaction(connection) as cursor:
        cursor.execute(f"UPDATE {claim} SET turn = turn + 1 WHERE name = %s", [_NAMES_CLAIM])  # noqa: S608
        cursor.execute(f"SELECT COUNT(*) FROM {names}")  # noqa: S608
        room = max(0, conf.MONITORING_STATS_NAMES - cursor.fetchone()[0])
        own = {number for number in numbers if batch.names[number][1].startswith(OWN)}
        chosen = [*own, *sorted(numbers - own)[:room]]
        today = str(datetime.now(UTC).date())
        rows = [(number, batch.names[number][1], batch.names[number][0], today) for number in chosen]
        for start in range(0, len(rows), _ROWS):
            _insert_names(connection, cursor, names, rows[start : start + _ROWS])
    return set(chosen)


def _insert_names(
    connection: BaseDatabaseWrapper, cursor: Any, names: str, rows: Sequence[tuple[object, ...]]
) -> None:
    places = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
    cursor.execute(
        f"INSERT INTO {names} (id, name, kind, seen) VALUES {places} {keep(connection, 'id')}",  # noqa: S608
        [value for row in rows for value in row],
    )


def _make_claim(connection: BaseDatabaseWrapper) -> None:
    """Make the row of the claim: two transactions, as SQLite refuses readers that turn writers."""
    claim = table(connection, Claim)
    with transaction(connection) as cursor:
        cursor.execute(f"SELECT 1 FROM {claim} WHERE name = %s", [_NAMES_CLAIM])  # noqa: S608
        if cursor.fetchone() is not None:
            return
    with transaction(connection) as cursor:
        cursor.execute(
            f"INSERT INTO {claim} (name, turn, until) VALUES (%s, 0, 0) {keep(connection, 'name')}",  # noqa: S608
            [_NAMES_CLAIM],
        )


def _insert(connection: BaseDatabaseWrapper, batch: Batch) -> int:
    """Write a batch's row unless it is there or empty; return its bytes."""
    if not batch.data:
        return 0
    data = blobs.pack(batch.data)
    place = "_binary %s" if connection.vendor == "mysql" else "%s"
    start = connection.ops.quote_name("start")
    with transaction(connection) as cursor:
        cursor.execute(
            f"INSERT INTO {table(connection, StoredWindow)} (id, {start}, step, rolled, data) "  # noqa: S608
            f"VALUES (%s, %s, %s, %s, {place}) {keep(connection, 'id')}",
            [batch.id, batch.start, batch.step, False, data],
        )
    return len(data)
