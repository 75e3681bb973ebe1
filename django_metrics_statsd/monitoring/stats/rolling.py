"""Makes fewer rows of many: of all processes' windows a minute, of minutes an hour, of hours a day.

Each step takes rows out of the sum that readers make, and puts what they add up to in, in one transaction
that fails if another process was faster. So it does not matter who does it, how often, or where it was
killed; and rows that come late are rolled up when they come, into rows of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from time import sleep
from typing import Any, Final
from uuid import uuid4

from django.db import transaction

from django_metrics_statsd.monitoring.stats import blobs, points
from django_metrics_statsd.monitoring.stats.blobs import Blob
from django_metrics_statsd.monitoring.stats.models import Chunk, StatName, StoredWindow
from django_metrics_statsd.safety import failed

MINUTE, HOUR, DAY = 60, 3_600, 86_400
#: How long after its end, in seconds, a span is rolled up: most of what is written late has come by then.
LATE: Final = {MINUTE: 30, HOUR: 300, DAY: 7_200}
#: How many rows one step takes at most. SQLite takes 999 parameters at least.
ROWS: Final = 500
HOURS: Final = 2_400
#: Rows and bytes of one INSERT.
_INSERT_ROWS, _INSERT_BYTES = 100, 1_000_000
#: After so many stats, a rest of so many seconds, for this is done in a process that answers requests.
_STATS, _REST = 20, 0.002


class OvertakenError(Exception):
    """Another process has rolled up the same rows."""


def roll(alias: str, now: float) -> Iterator[str]:
    """Roll up all that is due, the oldest first; yield after each step what was done, for people.

    Who stops asking stops the work; nothing is left half done.
    """
    try:
        yield from _minutes(alias, now)
        yield from _hours(alias, now)
        yield from _days(alias, now)
    except OvertakenError:
        return


def _over(now: float, span: int) -> int:
    """Return the end of the last span that is to be rolled up."""
    return int((now - LATE[span]) // span) * span


def _minutes(alias: str, now: float) -> Iterator[str]:
    windows = StoredWindow.objects.using(alias)
    due = windows.filter(rolled=False, step__lt=MINUTE, start__lt=_over(now, MINUTE)).order_by("start")
    while found := list(due.values_list("start", "id")[:ROWS]):
        for minute, group in groupby(found, lambda row: row[0] // MINUTE * MINUTE):
            ids = [identity for _, identity in group]
            data = _sum(windows.filter(pk__in=ids).values_list("data", flat=True))
            with transaction.atomic(using=alias):
                _expect(len(ids), windows.filter(pk__in=ids, rolled=False).update(rolled=True))
                windows.create(id=uuid4(), start=minute, step=MINUTE, data=data)
            yield f"{len(ids)} windows made a minute"


def _sum(rows: Iterable[Any]) -> bytes:
    """Return the blob of what blobs add up to."""
    total: dict[int, points.AnyPoint] = {}
    found: list[tuple[int, bytes]] = []
    for blob in readable(rows):
        found += blob.items()
        sleep(_REST)
    found.sort(key=lambda item: points.when(item[1]))
    for number, (key, data) in enumerate(found):
        add(total, key, data)
        _rest(number)
    return blobs.pack({key: points.pack(point) for key, point in total.items()})


def readable(rows: Iterable[Any]) -> Iterator[Blob]:
    """Yield the blobs of these values; one that is damaged is left out and counted as a fault."""
    for row in rows:
        try:
            yield Blob(row)
        except ValueError:
            failed("monitoring.stats.blob")


def add(total: dict[int, points.AnyPoint], key: int, data: bytes) -> None:
    """Add a packed point to ``{key: point}``. One that cannot be read is left out and counted as a fault."""
    try:
        point = points.unpack(data)
        if key in total:
            total[key].merge(point)  # type: ignore[arg-type] # a stat's points are of one kind
        else:
            total[key] = point
    except Exception:  # a row that somebody else has written or damaged must not stop all others
        failed("monitoring.stats.point")


def _hours(alias: str, now: float) -> Iterator[str]:
    windows = StoredWindow.objects.using(alias).filter(step=MINUTE, rolled=False)
    due = windows.filter(start__lt=_over(now, HOUR)).order_by("start")
    while (first := due.values_list("start", flat=True).first()) is not None:
        hour = first // HOUR * HOUR
        rows = list(due.filter(start__lt=hour + HOUR).values_list("id", "start", "data")[:ROWS])
        found = [(start, blob) for _, start, data in rows for blob in readable([data])]
        chunks = list(_chunks(hour, found))
        with transaction.atomic(using=alias):
            _expect(len(rows), windows.filter(pk__in=[row[0] for row in rows])._raw_delete(alias))
            _insert(alias, chunks)
        _seen(alias, [chunk.stat for chunk in chunks], hour)
        yield f"{len(rows)} minutes made {len(chunks)} hours"


def _chunks(hour: int, found: Sequence[tuple[int, Blob]]) -> Iterator[Chunk]:
    """Yield a chunk for each stat. Minutes go into it as they are, unless there are two of one."""
    for number, stat in enumerate(sorted({key for _, blob in found for key in blob.keys})):
        parts = [(start, part) for start, blob in found if (part := blob.get(stat)) is not None]
        yield _chunk(stat, hour, HOUR, parts)
        _rest(number)


def _chunk(stat: int, start: int, span: int, parts: Sequence[tuple[int, bytes]]) -> Chunk:
    total: dict[int, points.AnyPoint] = {}
    smaller: dict[int, bytes] = {}
    for at, part in sorted(parts, key=lambda each: points.when(each[1])):
        add(total, 0, part)
        smaller[at] = _both(smaller[at], part) if at in smaller else part
    whole = points.pack(total[0]) if total else b""
    packed = zlib.compress(blobs.pack(smaller), 6)
    return Chunk(stat=stat, start=start, span=span, total=whole, points=packed)


def _both(first: bytes, second: bytes) -> bytes:
    total: dict[int, points.AnyPoint] = {}
    add(total, 0, first)
    add(total, 0, second)
    return points.pack(total[0]) if total else first


def _insert(alias: str, chunks: Iterable[Chunk]) -> None:
    batch: list[Chunk] = []
    size = 0
    for chunk in chunks:
        batch.append(chunk)
        size += len(chunk.total) + len(chunk.points)
        if len(batch) >= _INSERT_ROWS or size >= _INSERT_BYTES:
            Chunk.objects.using(alias).bulk_create(batch)
            batch, size = [], 0
    Chunk.objects.using(alias).bulk_create(batch)


def _seen(alias: str, stats: Sequence[int], hour: int) -> None:
    """Note the day on which stats were seen last, once a day."""
    day = datetime.fromtimestamp(hour, UTC).date()
    names = StatName.objects.using(alias)
    for start in range(0, len(stats), ROWS):
        names.filter(pk__in=stats[start : start + ROWS], seen__lt=day).update(seen=day)


def _days(alias: str, now: float) -> Iterator[str]:
    chunks = Chunk.objects.using(alias).filter(span=HOUR, rolled=False)
    due = chunks.filter(start__lt=_over(now, DAY))
    while (first := due.order_by("start").values_list("start", flat=True).first()) is not None:
        day = first // DAY * DAY
        hours = due.filter(start__lt=day + DAY).order_by("stat")
        rows = list(hours.values_list("stat", "id", "start", "total")[:HOURS])
        made = []
        for number, (stat, group) in enumerate(groupby(rows, lambda row: row[0])):
            made.append(_chunk(stat, day, DAY, [(start, bytes(total)) for _, _, start, total in group]))
            _rest(number)
        with transaction.atomic(using=alias):
            _mark(chunks, [row[1] for row in rows])
            _insert(alias, made)
        yield f"{len(rows)} hours made {len(made)} days"


def _mark(chunks: Any, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), ROWS):
        some = ids[start : start + ROWS]
        _expect(len(some), chunks.filter(pk__in=some).update(rolled=True))


def _expect(count: int, got: int) -> None:
    if got != count:
        raise OvertakenError


def _rest(number: int) -> None:
    if number % _STATS == _STATS - 1:
        sleep(_REST)
