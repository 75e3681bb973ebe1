"""The page's tables: rows and cells of text, whatever they show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django_metrics_statsd.clients.dialects import number
from django_metrics_statsd.panel.pictures import Pictures

Data = dict[str, Any]


class Cell(NamedTuple):
    """A cell's text and, for sorting, its number."""

    text: str
    sort: str = ""


class Column(NamedTuple):
    """A column's heading, and whether it holds numbers."""

    label: str
    numeric: bool = True


class Row(NamedTuple):
    """A table's row: its name, notes below the name, its cells, and where to see more."""

    name: str
    notes: list[str]
    cells: list[Cell]
    pictures: Pictures = []
    links: Pictures = []
    bar: Data | None = None


class Table(NamedTuple):
    """A table for the template."""

    name: str
    caption: str
    heading: str
    columns: list[Column]
    rows: list[Row]
    left_out: int = 0
    note: str = ""


def rows_of(stats: Data, name: str) -> list[Data]:
    """Return the stored rows of a table."""
    found = stats.get(name)
    return found if isinstance(found, list) else []


def left_out(stats: Data, name: str) -> int:
    """Return how many rows of a table were not stored."""
    return int((stats.get("left_out") or {}).get(name, 0))


def ms(value: float) -> Cell:
    """Return a time as a cell."""
    return Cell(f"{value:.3f}", repr(value))


def count(value: float) -> Cell:
    """Return a count, or any plain number, as a cell."""
    return Cell(number(value), repr(value))


def _notes(row: Data) -> list[str]:
    rate = row.get("rate", 1)
    return [*row.get("tags", []), *([f"sampled at {rate:g}"] if rate < 1 else [])]


def table(
    stats: Data,
    name: str,
    caption: str,
    columns: Iterable[str | Column],
    cells: Callable[[Data], list[Cell]],
    *,
    note: str = "",
    more: Callable[[Data], Data] | None = None,
) -> Table:
    """Return a table of the stored rows; `cells` and `more` make what a row has besides its name."""
    rows = [
        Row(str(row.get("name", "")), _notes(row), cells(row), **(more(row) if more else {}))
        for row in rows_of(stats, name)
    ]
    full = [column if isinstance(column, Column) else Column(column) for column in columns]
    return Table(name, caption, "Name", full, rows, left_out(stats, name), note)
