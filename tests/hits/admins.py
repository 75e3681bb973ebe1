"""Hits for the admin to show, and what its queries cost a database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import connections

from django_metrics_statsd.hits.storages.django import DjangoStorage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_metrics_statsd.hits.records import Record

#: The alias of the database that the hits' router names.
ALIAS = "looking"
BATCH = 5_000

_EXPLAIN = {
    "sqlite": "EXPLAIN QUERY PLAN",
    "postgresql": "EXPLAIN (ANALYZE, COSTS OFF)",
    "mysql": "EXPLAIN",
}
_SCANS = {
    "sqlite": r"SCAN metrics_hits_\w+$",
    "postgresql": r"Seq Scan on metrics_hits_",
    "mysql": r"\| metrics_hits_\w+ \| (None \| )?ALL ",
}


class Router:
    """Sends what is ours to that database, and refuses to write into it."""

    def db_for_read(self, model: type, **hints: object) -> str | None:
        return ALIAS if model._meta.app_label == "metrics_hits" else None  # type: ignore[attr-defined]

    def db_for_write(self, model: type, **hints: object) -> str | None:
        assert model._meta.app_label != "metrics_hits"  # type: ignore[attr-defined]
        return None


def save(records: Sequence[Record], alias: str = "default") -> None:
    """Write records as the storage does."""
    storage = DjangoStorage("x", {"type": "django", "hits_db": alias})
    for start in range(0, len(records), BATCH):
        storage.write(records[start : start + BATCH])


def analyze(alias: str = ALIAS) -> None:
    """Let the server count what it has, as it does by itself after a while."""
    words = {"postgresql": "VACUUM ANALYZE", "mysql": "ANALYZE TABLE metrics_hits_hit"}
    with connections[alias].cursor() as cursor:
        if vendor_words := words.get(connections[alias].vendor):
            cursor.execute(vendor_words)


def plans(queries: Sequence[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Each query that reads our tables, and how the database goes about it."""
    for query in queries:
        sql = query["sql"]
        if sql.startswith("SELECT") and "metrics_hits_" in sql:
            with connections[ALIAS].cursor() as cursor:
                cursor.execute(f"{_EXPLAIN[connections[ALIAS].vendor]} {sql.replace('%', '%%')}", ())
                yield sql, "\n".join(" | ".join(map(str, line)) for line in cursor.fetchall())


def scans_all(plan: str) -> bool:
    """Whether a plan reads a table and no index of it."""
    return bool(re.search(_SCANS[connections[ALIAS].vendor], plan, re.MULTILINE))


def rows_read(plan: str) -> int:
    """How many rows PostgreSQL read for a query, those included that it threw away."""
    kept = re.findall(r"(?:Scan|scan).*rows=(\d+) loops", plan)
    thrown = re.findall(r"Rows Removed by \w+: (\d+)", plan)
    return sum(map(int, [*kept, *thrown]))
