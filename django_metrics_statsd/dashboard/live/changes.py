"""The table of changes: which widgets changed since a given number. A row per widget, so it never grows."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Sequence
from typing import Final

from django.db import OperationalError, connections, router, transaction
from django.db.models import F

from django_metrics_statsd.dashboard.models import Change, Counter
from django_metrics_statsd.deadlocks import gave_way
from django_metrics_statsd.upserts import put

#: How often a change is tried to be written where another writer was in the way.
TRIES: Final = 5


def record(keys: Iterable[str]) -> int:
    """Note that these widgets changed now; return the number that all of them get.

    Numbers come from one row whose lock is held until the commit: who reads number 7 has therefore seen
    everything up to 6, in any database.

    Raises:
        django.db.Error: it cannot be written.
    """
    alias, keys = router.db_for_write(Change), sorted(set(keys))
    for _ in range(TRIES - 1):
        try:
            return _record(alias, keys)
        except OperationalError as error:
            if connections[alias].in_atomic_block or not gave_way(error):
                raise
            time.sleep(random.uniform(0.01, 0.1))
    return _record(alias, keys)


def _record(alias: str, keys: Sequence[str]) -> int:
    with transaction.atomic(using=alias):
        counter = Counter.objects.using(alias)
        if not counter.filter(pk=1).update(seq=F("seq") + 1):
            counter.get_or_create(pk=1)
            counter.filter(pk=1).update(seq=F("seq") + 1)
        seq = counter.values_list("seq", flat=True).get(pk=1)
        for key in keys:
            put(Change, {"seq": seq}, key=key)
    return seq


def latest() -> int:
    """Return the number of the last change, 0 where there is none."""
    newest = Change.objects.using(router.db_for_write(Change)).order_by("-seq")
    return newest.values_list("seq", flat=True).first() or 0


def since(seq: int) -> tuple[int, dict[str, int]]:
    """Return the number of the last change, and each widget that changed after `seq` with its number.

    A `seq` that is ahead of the table comes from before it was emptied: everything has changed then.
    """
    rows = Change.objects.using(router.db_for_write(Change))
    found = dict(rows.filter(seq__gt=seq).values_list("key", "seq"))
    if found:
        return max(found.values()), found
    newest = latest()
    if newest < seq:
        return newest, dict(rows.values_list("key", "seq"))
    return seq, {}  # not the newest: what has come since the rows were read is for the next time
