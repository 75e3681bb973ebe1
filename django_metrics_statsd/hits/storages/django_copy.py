"""Rows into PostgreSQL by COPY, with psycopg 3.

Measured with hits into PostgreSQL 15: COPY straight into the table takes 26 ms for 1,000 rows, COPY into a
temporary table and INSERT from there 31 ms, INSERTs with many rows each 125 ms or more; for one row 0.9, 2.2
and 1.0 ms. So the straight way comes first, and the longer one only where PostgreSQL says that it has a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django_metrics_statsd.hits.records import Record
from django_metrics_statsd.hits.storages.django_rows import Moment, Row, Shape

#: Stands for NULL. A text that is just this is escaped, which COPY tells apart.
NULL = "\x02"
#: Bytes, or so, that are handed to psycopg at once.
_BLOCK = 1_000
# COPY's text format, from the manual's page on COPY: what has a meaning there gets a backslash.
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        NULL: "\\" + NULL,
    }
)


def copy_in(cursor: Any, shape: Shape, table: str, columns: str, records: Sequence[Record]) -> None:
    """Write rows into `table`; PostgreSQL refuses them all if it has one of them.

    Args:
        cursor: psycopg's own cursor.
        table, columns: quoted.
    """
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN (NULL '{NULL}')") as copy:
        for start in range(0, len(records), _BLOCK):
            copy.write("".join(lines(shape, records[start : start + _BLOCK])))


def copy_new(cursor: Any, shape: Shape, table: str, columns: str, records: Sequence[Record]) -> None:
    """Write those rows into `table` that it has not. To be called within a transaction."""
    temporary = f'"metrics_hits_new_{shape.model._meta.model_name}"'
    cursor.execute(f"CREATE TEMPORARY TABLE {temporary} (LIKE {table})")
    copy_in(cursor, shape, temporary, columns, records)
    # Without naming a key, so that a table with partitions, whose key has the time in it, will do.
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {temporary} "  # noqa: S608 - our own names
        "ON CONFLICT DO NOTHING"
    )
    cursor.execute(f"DROP TABLE {temporary}")


def lines(shape: Shape, records: Sequence[Record], moment: Moment = str) -> Iterator[str]:
    """Yield a line of COPY's text format for each record."""
    template = "\t".join(["%s"] * len(shape.fields)) + "\n"
    for record in records:
        row, plain = shape.row(record, moment, NULL)
        yield template % (row if plain else _escaped(row, shape.text_fields))


def _escaped(row: Row, texts: frozenset[int]) -> Row:
    return tuple(value.translate(_ESCAPES) if at in texts else value for at, value in enumerate(row))
