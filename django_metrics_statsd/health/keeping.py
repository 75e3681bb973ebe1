"""Writes and reads the table of changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import zip_longest

from django.db import router, transaction
from django.utils import timezone

from django_metrics_statsd.conf import project_setting
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
    at = _moment(change.at)
    before = rows.filter(at__lte=at).first()  # it may have waited long to be written
    if before is not None and before.state == change.state:
        return
    after = rows.filter(at__gt=at).last()
    if after is not None and after.state == change.state:
        # Another process has noticed the same a little later.
        rows.filter(pk=after.pk).update(at=at)
        return
    with transaction.atomic(using=database):
        rows.create(name=change.name, state=str(change.state), at=at, message=change.message)
        old = list(rows.values_list("pk", flat=True)[most : most + 1_000])
        rows.filter(pk__in=old).delete()


def _moment(seconds: float) -> datetime:
    """Return a time as the database has it: with ``USE_TZ = False`` in the site's zone, not saying so."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at if project_setting("USE_TZ") else timezone.make_naive(at, timezone.get_default_timezone())


def _seconds(moment: datetime) -> float:
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.timestamp()


def latest(names: Iterable[str], most: int) -> dict[str, list[Change]]:
    """Return the `most` latest changes of each name, latest first, with equal states in a row made one."""
    rows = StateChange._default_manager.using(router.db_for_read(StateChange))
    return {name: list(_merged(_changes(name, rows.filter(name=name[:NAME])[:most]))) for name in names}


def _changes(name: str, rows: Iterable[StateChange]) -> list[Change]:
    return [Change(name, State(row.state), _seconds(row.at), row.message) for row in rows]


def _merged(changes: list[Change]) -> Iterator[Change]:
    """Yield changes without those that another process wrote at about the same time."""
    for later, earlier in zip_longest(changes, changes[1:]):
        if earlier is None or earlier.state is not later.state:
            yield later
