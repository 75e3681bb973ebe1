"""Claims: how one process of a site says to the others that it does something, by a row of a table.

They save work; that nothing is done twice does not rest on them. What a claim is for checks in its own
transactions that the rows it works on are as it found them.
"""

from __future__ import annotations

from time import time

from django.db.models import Q

from django_metrics_statsd.monitoring.stats.models import Claim


def claim(alias: str, name: str, seconds: float) -> bool:
    """Claim something for a while, unless it is claimed; a process that dies holds no claim for longer."""
    claims, now = Claim.objects.using(alias), time()
    until = claims.filter(name=name).values_list("until", flat=True).first()
    if until is None:
        claims.bulk_create([Claim(name=name)], ignore_conflicts=True)
    # One that lasts longer than it may was made by a clock that is ahead.
    free = Q(name=name) & (Q(until__lte=now) | Q(until__gt=now + 2 * seconds))
    if until is not None and now < until <= now + 2 * seconds:
        return False
    return claims.filter(free).update(until=now + seconds) == 1
