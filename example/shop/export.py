"""The list of books as CSV, line by line: one generator for WSGI, one for ASGI."""

from __future__ import annotations

import asyncio
import csv
import time
from typing import TYPE_CHECKING, Any

from .models import Book

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from django.db.models import QuerySet

HEAD = ("title", "author", "genre", "year", "condition", "price")

# A pause after each line, so that one can see that a stream is timed to its end.
PAUSE = 0.003


class Line:
    """A file that gives back what is written to it, which is what a stream needs."""

    def write(self, line: str) -> str:
        return line


def books() -> QuerySet[Book]:
    return Book.objects.select_related("author")


def fields(book: Book) -> tuple[Any, ...]:
    return (book.title, book.author.name, book.genre, book.year, book.condition, book.price)


def lines() -> Iterator[str]:
    write = csv.writer(Line()).writerow
    yield str(write(HEAD))
    for book in books().iterator():
        time.sleep(PAUSE)
        yield str(write(fields(book)))


async def alines() -> AsyncIterator[str]:
    write = csv.writer(Line()).writerow
    yield str(write(HEAD))
    async for book in books().aiterator():
        await asyncio.sleep(PAUSE)
        yield str(write(fields(book)))
