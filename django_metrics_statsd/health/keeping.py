"""Writes and reads the table of changes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import zip_longest

from django.db import router, transaction

from django_metrics_statsd.health.history import Change
from django_metrics_statsd.health.models import StateChange
from django_metrics_statsd.health.results import State

#: Characters of a name in the table.
NAME = 200


def keep(change: Change, most: int) -> None:
    """Write a change, unless another process has already, and delete what is beyond `most` for its check."""
    change = change._replace(name=change.name[:NAME], message=change.message.replace("\0", ""))
    database = router.db_for_write(StateChange)
    rows = StateChange._default_manager.using(database).filter(name=change.name)
    at = datetime.fromtimestamp(change.at, UTC)
    before = rows.filter(at__lte=at).first()  # it may have waited long to be written
    if before is not None and before.state == change.state:
        return
    with transaction.atomic(using=database):
        rows.create(name=change.name, state=str(change.state), at=at, message=change.message)
        old = list(rows.values_list("pk", flat=True)[most : most + 1_000])
        rows.filter(pk__in=old).delete()


def latest(most: int) -> dict[str, list[Change]]:
    """Return the `most` latest changes by name, latest first, with equal states in a row made one."""
    database = router.db_for_read(StateChange)
    found: dict[str, list[Change]] = {}
    for row in StateChange._default_manager.using(database)[:most]:
        found.setdefault(row.name, []).append(
            Change(row.name, State(row.state), row.at.timestamp(), row.message)
        )
    return {name: list(_merged(changes)) for name, changes in found.items()}


def _merged(changes: list[Change]) -> Iterator[Change]:
    """Yield changes without those that another process wrote at about the same time."""
    for later, earlier in zip_longest(changes, changes[1:]):
        if earlier is None or earlier.state is not later.state:
            yield later
