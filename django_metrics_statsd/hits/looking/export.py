"""Downloads of a list, row by row, in flat memory with every database.

Rows are read in slices of the time. A cursor on the server would be simpler, but not every driver has one
that leaves the rows there, and poolers of connections do without.
"""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any

from asgiref.sync import sync_to_async
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from django_metrics_statsd.hits.looking.conditions import Question

#: The most rows of one download, newest first.
ROWS = 1_000_000
#: Rows that are looked at for a slice, which is what a download holds at a time.
SLICE = 2_000
#: What a spreadsheet may take for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def slices(question: Question, limit: int = ROWS) -> Iterator[list[dict[str, Any]]]:
    """Yield all rows that are asked for, newest first, some at a time."""
    rows = question.whole()
    for since, before in _spans(question):
        part = rows if since is None else rows.filter(time__gte=since)
        part = part if before is None else part.filter(time__lt=before)
        found = list(part.values()[:limit])
        if found:
            yield found
        limit -= len(found)
        if limit <= 0:
            return


def _spans(question: Question) -> Iterator[tuple[datetime | None, datetime | None]]:
    """Yield spans of time that have about `SLICE` rows each, the newest first; None where there is no end."""
    times = question.walk()
    before: datetime | None = None
    while True:
        older = times if before is None else times.filter(time__lt=before)
        since = next(iter(older[SLICE - 1 : SLICE]), None)
        yield since, before
        if since is None:
            return
        before = since


class _Line:
    """A file for ``csv`` that gives back what is written."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> Any:
    """Return a value for CSV; a text that a spreadsheet would take for a formula gets a quote before it."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value.isoformat() if hasattr(value, "isoformat") else value


def as_csv(parts: Iterable[list[dict[str, Any]]], columns: list[str]) -> Iterator[str]:
    """Yield lines of CSV, the columns' names first."""
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for found in parts:
        yield "".join(writer.writerow([cell(row[name]) for name in columns]) for row in found)


def as_json(parts: Iterable[list[dict[str, Any]]], columns: list[str]) -> Iterator[str]:
    """Yield a JSON array of objects, a line each."""
    encode = DjangoJSONEncoder(ensure_ascii=False).encode
    before = "[\n"
    for found in parts:
        yield before + ",\n".join(encode({name: row[name] for name in columns}) for row in found)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


FORMATS = {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}


async def _in_turn(parts: Iterator[str]) -> AsyncIterator[str]:
    """Yield the same parts to an event loop, which does not wait for the database."""
    step = sync_to_async(lambda: next(parts, None))
    while (part := await step()) is not None:
        yield part


def download(request: HttpRequest, question: Question, kind: str) -> StreamingHttpResponse:
    """Return the response that sends the rows asked for as ``csv`` or ``json`` while they are read.

    Raises:
        KeyError: for another kind.
    """
    write, content_type = FORMATS[kind]
    meta = question.rows.model._meta
    columns = [field.attname for field in meta.concrete_fields]
    parts = write(slices(question), columns)
    name = f"{meta.model_name}s-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
    return StreamingHttpResponse(
        _in_turn(parts) if hasattr(request, "scope") else parts,
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
