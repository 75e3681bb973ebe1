"""Writes hits into one database in several ways, in turns. A line of JSON comes in, one goes out.

In: ``{"settings": a DATABASES entry, "number": hits a round, "batch": of each transaction, "rounds": …}``.
Out: microseconds a hit for each way, one figure a round.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django
from django.conf import settings

#: What `.ci/install-services` fetches; without it a hit gets no place.
PLACES = Path(__file__).parents[2] / ".cache" / "geoip" / "GeoIP2-City-Test.mmdb"

Batch = Sequence[Any]
Way = tuple[Callable[[list[Any]], list[Batch]], Callable[[Batch], None]]


def setup(database: dict[str, Any]) -> None:
    """Configure Django with the database under two aliases, and make the tables."""
    if database["ENGINE"].endswith("mysql"):
        from tests.hits.databases import use_pymysql

        use_pymysql()
    settings.configure(
        DATABASES={"default": {**database, "CONN_MAX_AGE": None}, "brief": database},
        INSTALLED_APPS=["django_metrics_statsd.hits"],
        USE_TZ=True,
        SECRET_KEY="benchmark",
        GEOIP_PATH=str(PLACES) if PLACES.exists() else None,
    )
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def ways(vendor: str, batch: int) -> dict[str, Way]:
    """Return for each way what makes batches of records ready, which is not timed, and what writes one."""
    from django_metrics_statsd.hits.enrichment.enrich import enrich
    from django_metrics_statsd.hits.records import pack, unpack
    from django_metrics_statsd.hits.storages.django import DjangoStorage

    storage = DjangoStorage("default", {"type": "django"})
    brief = DjangoStorage("brief", {"type": "django", "hits_db": "brief"})

    def cut(found: list[Any]) -> list[Batch]:
        return [found[start : start + batch] for start in range(0, len(found), batch)]

    def packed(records: list[Any]) -> list[Batch]:
        for record in records:
            record.ua = record.geo = None
        return cut([pack(record) for record in records])

    def collected(batch: Batch) -> None:
        records = [unpack(each) for each in batch]
        for record in records:
            enrich(record)
        storage.write(records)

    def known(records: list[Any]) -> list[Batch]:
        batches = cut(records)
        for each in batches:
            storage.write(each)
        return batches

    def ready(records: list[Any]) -> list[Batch]:
        return cut([_row(record) for record in records])

    found: dict[str, Way] = {
        "write": (cut, storage.write),
        "unpack, enrich, write": (packed, collected),
        "write, connecting for each batch": (cut, brief.write),
        "write what is there already": (known, storage.write),
        "executemany": (ready, _executemany),
        "bulk_create": (lambda records: cut([_model(record) for record in records]), _bulk_create),
    }
    if vendor == "postgresql":
        found["COPY"] = (ready, _copy)
    return found


def _row(record: Any) -> tuple[Any, ...]:
    from django.db import connection

    from django_metrics_statsd.hits.storages.django import _moment
    from django_metrics_statsd.hits.storages.django_rows import SHAPES

    return SHAPES[0].row(record, _moment(connection))[0]


def _model(record: Any) -> Any:
    from django_metrics_statsd.hits.models import Hit
    from django_metrics_statsd.hits.storages.django_rows import SHAPES

    return Hit(**dict(zip(SHAPES[0].fields, SHAPES[0].row(record, lambda time: time)[0], strict=True)))


def _columns() -> tuple[str, str]:
    from django.db import connection

    from django_metrics_statsd.hits.storages.django_rows import SHAPES

    fields = SHAPES[0].fields
    return ", ".join(map(connection.ops.quote_name, fields)), ", ".join(["%s"] * len(fields))


def _executemany(batch: Batch) -> None:
    from django.db import connection, transaction

    columns, places = _columns()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.cursor.executemany(f"INSERT INTO metrics_hits_hit ({columns}) VALUES ({places})", batch)


def _copy(batch: Batch) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.cursor.copy(f"COPY metrics_hits_hit ({_columns()[0]}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(row)


def _bulk_create(batch: Batch) -> None:
    from django_metrics_statsd.hits.models import Hit

    Hit.objects.bulk_create(batch)


def _empty(vendor: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"{'DELETE FROM' if vendor == 'sqlite' else 'TRUNCATE TABLE'} metrics_hits_hit")


def main() -> None:
    """Answer the one question."""
    question = json.loads(sys.stdin.readline())
    setup(question["settings"])
    from django.db import connection

    from tests.hits.samples import hits

    found = ways(connection.vendor, question["batch"])
    took: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(question["rounds"]):
        for name, (prepare, write) in found.items():
            _empty(connection.vendor)
            batches = prepare(hits(question["number"]))
            start = time.perf_counter()
            for batch in batches:
                write(batch)
            took[name].append((time.perf_counter() - start) / question["number"] * 1e6)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
