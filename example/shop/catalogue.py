"""Puts the books of `data/books.csv` on the shelf; running it again changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

from django.db import transaction
from django.utils.text import slugify

from .models import Author, Book

SOURCE = Path(__file__).parent / "data" / "books.csv"


def read() -> list[dict[str, str]]:
    with SOURCE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@transaction.atomic
def load() -> int:
    """Add the authors and books that are missing; return how many books the shop has."""
    rows = read()
    names = {row["author"] for row in rows}
    Author.objects.bulk_create((Author(name=name) for name in names), ignore_conflicts=True)
    authors = {author.name: author for author in Author.objects.all()}
    books = (Book(**row | {"slug": slugify(row["title"]), "author": authors[row["author"]]}) for row in rows)
    Book.objects.bulk_create(books, ignore_conflicts=True)
    return Book.objects.count()
