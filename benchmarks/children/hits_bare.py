"""What a bulk insert alone can do: Django's ``bulk_create`` of ready instances, 2,000 a time."""

from __future__ import annotations

import sys
import time

import django


def main(count: int) -> None:
    """Insert `count` hits and print how many a second."""
    from django_metrics_statsd.hits.models import Hit
    from tests.hits import samples

    fields = [field.name for field in Hit._meta.concrete_fields]
    rows = []
    for record in samples.hits(count):
        plain = {name: getattr(record, name) for name in fields if hasattr(record, name)}
        rows.append(Hit(**{**plain, "ip": plain["ip"] or None}))
    begin = time.perf_counter()
    for start in range(0, count, 2_000):
        Hit.objects.using("pg").bulk_create(rows[start : start + 2_000])
    print(count / (time.perf_counter() - begin))


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
