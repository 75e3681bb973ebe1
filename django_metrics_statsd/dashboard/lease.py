"""A lease in the database: what only one process may do at a time, on however many machines.

It has an end, so that a holder that was killed holds nobody up for long; while a holder works, a thread
of its own renews it. Times are the database's, so that the machines' clocks need not agree.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, connections, router, transaction
from django.db.models import DateTimeField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now

from django_metrics_statsd.background import Worker
from django_metrics_statsd.dashboard.models import Lease
from django_metrics_statsd.decorators import muted

#: Seconds that a lease lasts without being renewed.
DURATION = 30.0
#: Seconds after which a holder that goes no further is no longer helped: it hangs.
PATIENCE = 900.0


class Held:
    """A lease that is held. Call `go_on` between two steps of the work; false: somebody else has it now."""

    def __init__(self, name: str, holder: str) -> None:
        self.name, self.holder = name, holder
        self.lost = False
        self._idle = 0.0

    def go_on(self) -> bool:
        """Note that the work goes on; say whether it still may."""
        self._idle = 0.0
        return not self.lost

    def renew(self) -> None:
        """Keep it for another while, unless the work has gone no further for too long."""
        self._idle += DURATION / 3
        if self._idle < PATIENCE:
            self.lost = not _rows(self.name).filter(holder=self.holder).update(expires=_end())


@contextmanager
def held(name: str) -> Iterator[Held | None]:
    """Hold this lease while the block runs; gives None where somebody else holds it."""
    holder = f"{socket.gethostname()[:100]} {os.getpid()} {secrets.token_hex(8)}"
    if not _take(name, holder):
        yield None
        return
    mine = Held(name, holder)
    worker = Worker(lambda: _renew(mine), DURATION / 3, "metrics-dashboard-lease")
    worker.start()
    try:
        yield mine
    finally:
        worker.stop(DURATION)
        _rows(name).filter(holder=holder).update(expires=Now(), holder="")


def holder_of(name: str) -> str:
    """Return who holds this lease: machine and process, or nothing."""
    found = _rows(name).filter(expires__gt=Now()).values_list("holder", flat=True).first() or ""
    return " ".join(found.split(" ")[:2])


def _renew(mine: Held) -> None:
    try:
        with muted():
            mine.renew()
    finally:
        connections.close_all()


def _take(name: str, holder: str) -> bool:
    free = _rows(name).filter(Q(expires__lte=Now()) | Q(holder=""))
    if free.update(holder=holder, expires=_end()):
        return True
    if _rows(name).exists():
        return False
    try:
        with transaction.atomic(using=router.db_for_write(Lease)):
            _rows(name).create(name=name, holder="", expires=Now())
    except IntegrityError:  # somebody else made the row at the same time
        pass
    return bool(free.update(holder=holder, expires=_end()))


def _rows(name: str) -> QuerySet[Lease]:
    return Lease.objects.using(router.db_for_write(Lease)).filter(name=name)


def _end() -> Any:
    return ExpressionWrapper(Now() + timedelta(seconds=DURATION), output_field=DateTimeField())
