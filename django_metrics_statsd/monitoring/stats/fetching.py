"""Adds up what the rows say about some stats, by spans of time.

One statement reads both tables, so that nothing is seen twice or not at all while somebody rolls up.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from django.db.models import BigIntegerField, BinaryField, Case, F, IntegerField, Q, QuerySet, Value, When

from django_metrics_statsd.monitoring.stats import rolling
from django_metrics_statsd.monitoring.stats.blobs import Blob
from django_metrics_statsd.monitoring.stats.conf import conf
from django_metrics_statsd.monitoring.stats.models import Chunk, StoredWindow
from django_metrics_statsd.monitoring.stats.points import AnyPoint, when
from django_metrics_statsd.monitoring.stats.rolling import DAY, HOUR, MINUTE
from django_metrics_statsd.monitoring.stats.spans import finest
from django_metrics_statsd.safety import failed

#: ``{stat: {number of the span: point}}``; spans without anything are left out.
Points = dict[int, dict[int, AnyPoint]]
#: More stats than this are picked out here, as a statement may not name so many.
_IN_STATEMENT: Final = 900
#: Fewer than this are looked up in each blob, more are found by going through it.
_LOOK_UP: Final = 20
#: Ranges that do not begin or end with a minute are read from single windows if they are no longer than this.
_SHORT: Final = 30 * MINUTE


def fetch(stats: Collection[int], edges: Sequence[int], now: float, fine: int | None = None) -> Points:
    """Return what is known of stats in the spans between `edges`, which are Unix seconds in order.

    Args:
        fine: how fine what is read has to be, in seconds, where that is not `resolution`'s to say.
    """
    found: Points = {}
    if not stats:
        return found
    wanted = set(stats)
    later = []
    for part in _parts(wanted, edges, resolution(edges, now) if fine is None else fine):
        if moment := when(part[2]):
            later.append((moment, part))  # what has an order; all else is added up as it comes, and forgotten
        else:
            _add(found, edges, part)
    for _moment, part in sorted(later, key=lambda each: each[0]):
        _add(found, edges, part)
    return found


def _add(found: Points, edges: Sequence[int], part: tuple[int, int, bytes]) -> None:
    stat, start, data = part
    span = bisect_right(edges, start) - 1
    if 0 <= span < len(edges) - 1:
        rolling.add(found.setdefault(stat, {}), span, data)


def resolution(edges: Sequence[int], now: float) -> int:
    """Return how fine what is read has to be, in seconds: a window, a minute, an hour."""
    least = finest(edges[0], now)
    if all(edge % HOUR == 0 for edge in edges):
        return HOUR
    if least >= MINUTE or all(edge % MINUTE == 0 for edge in edges):
        return max(least, MINUTE)
    short = edges[-1] - edges[0] <= _SHORT or min(_gaps(edges)) < MINUTE
    return least if short else MINUTE


def _gaps(edges: Sequence[int]) -> Iterator[int]:
    return (after - before for before, after in pairwise(edges))


def _parts(wanted: set[int], edges: Sequence[int], fine: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield ``(stat, start, packed point)`` of all rows."""
    for stat, start, span, total, data in _rows(wanted, edges, fine):
        if span < HOUR:
            start = start // fine * fine  # noqa: PLW2901 - so that rolling up changes nothing
            for blob in rolling.readable([data]):
                for number, part in _of_window(blob, wanted):
                    yield number, start, part
        elif stat in wanted and data is None:
            yield stat, start, bytes(total)
        elif stat in wanted:
            for blob in rolling.readable(_unpacked(data)):
                for at, part in blob.items():
                    yield stat, at, part


def _unpacked(data: Any) -> Iterator[bytes]:
    try:
        yield zlib.decompress(bytes(data))
    except zlib.error:
        failed("monitoring.stats.blob")


def _of_window(blob: Blob, wanted: set[int]) -> Iterator[tuple[int, bytes]]:
    if len(wanted) > _LOOK_UP:
        yield from ((number, part) for number, part in blob.items() if number in wanted)
        return
    for number in wanted:
        part = blob.get(number)
        if part is not None:
            yield number, part


def _rows(wanted: set[int], edges: Sequence[int], fine: int) -> QuerySet[Any]:
    alias = conf.MONITORING_STATS_DATABASE
    # Whole steps, as what is rolled up has no others.
    first, end = edges[0] // fine * fine, -(-edges[-1] // fine) * fine
    windows = StoredWindow.objects.using(alias).filter(start__gte=first, start__lt=end)
    # Stand for what a chunk has: its stat, its span, its total.
    rows = windows.annotate(
        stat=Value(0, BigIntegerField()), span=Value(0, IntegerField()), total=Value(None, BinaryField())
    ).values_list("stat", "start", "span", "total", "data")
    if fine < MINUTE:
        return rows.filter(step__lt=MINUTE)
    return rows.filter(rolled=False).union(_chunks(alias, wanted, edges, fine, end), all=True)


def _chunks(alias: str, wanted: set[int], edges: Sequence[int], fine: int, end: int) -> QuerySet[Any]:
    """Return chunks, with their smaller points only where these fall into several spans."""
    longest = DAY if fine >= HOUR else HOUR
    which = Q(span=DAY) | Q(span=HOUR, rolled=False) if fine >= HOUR else Q(span=HOUR)
    chunks = Chunk.objects.using(alias).filter(which, start__gt=edges[0] - longest, start__lt=end)
    if len(wanted) <= _IN_STATEMENT:
        chunks = chunks.filter(stat__in=wanted)
    whole = Q(span__lte=fine)
    if all(edge % longest == 0 for edge in edges[1:-1]):
        whole |= Q(start__gte=edges[0], start__lte=edges[-1] - longest)
    nothing = Value(None, BinaryField())
    parts = Case(When(whole, then=nothing), default=F("points"), output_field=BinaryField())
    return chunks.annotate(parts=parts).values_list("stat", "start", "span", "total", "parts")
