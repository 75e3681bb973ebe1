"""What Grafana does with a query before it sends it, and databases with something of everything in them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connections

from tests.hits.samples import event, hits, timing

if TYPE_CHECKING:
    from django_metrics_statsd.hits.records import Record

END = datetime.now(UTC)
START = END - timedelta(hours=6)
INTERVAL, SECONDS = "10m", 600
SITES = ("shop", "it's (a) shop")
VITALS = {"LCP": 2_100.0, "INP": 120.0, "CLS": 80.0, "FCP": 900.0, "TTFB": 210.0}
CALCULATED = {"network": 200.0, "app": 300.0, "dom": 400.0, "rendering": 3.0}


def records() -> list[Record]:
    """Hits, events and timings of the last six hours."""
    found: list[Record] = list(hits(1_500, days=0.24))
    for number in range(60):
        time = END - timedelta(minutes=5 * number + 2)
        site = SITES[number % 2]
        found += [
            event(time=time, site=site),
            event(time=time, site=site, name="Login failed", event_class="Warning", data={"username": "eve"}),
            event(time=time, site=site, name="went wrong", event_class="Log ERROR", bucket="shop.pay"),
        ]
        values = {f"vitals.{name}": value + number for name, value in VITALS.items()}
        values |= {f"calculated.{name}": value + number for name, value in CALCULATED.items()}
        device = ("mobile", "desktop")[number % 2]
        loaded = {"timing.domComplete": 1_000.0 + number, **values}
        found.append(timing(time=time, site=site, device=device, values=loaded))
    return found


Rows = list[dict[str, Any]]


def numbers(rows: Rows) -> list[float]:
    """The numbers besides times."""
    return [
        value
        for row in rows
        for name, value in row.items()
        if name != "time" and isinstance(value, int | float) and not isinstance(value, bool)
    ]


def as_influxql(query: str) -> str:
    """What Grafana's InfluxDB data source sends (public/app/plugins/datasource/influxdb)."""
    start, end = (f"{each.timestamp() * 1_000:.0f}ms" for each in (START, END))
    sites = "|".join(re.sub(r"[\\^$*+?.()|[\]{}/]", r"\\\g<0>", each) for each in SITES)
    query = query.replace("$timeFilter", f"time >= {start} and time <= {end}")
    query = query.replace("${site:regex}", f"({sites})").replace("$interval", INTERVAL)
    assert "$" not in query.replace("$/", ""), query
    return query


def as_sql(query: str) -> str:
    """What Grafana's PostgreSQL data source sends (pkg/tsdb/grafana-postgresql-datasource/macros.go)."""
    start, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (START, END))
    sites = ",".join("'" + each.replace("'", "''") + "'" for each in SITES)
    query = query.replace("$site", sites).replace("$interval", INTERVAL)
    query = re.sub(r"\$__timeFilter\(([^)]*)\)", rf"\1 BETWEEN '{start}' AND '{end}'", query)
    group = rf'floor(extract(epoch from \1)/{SECONDS})*{SECONDS} AS "time"'
    query = re.sub(rf"\$__timeGroupAlias\(([^,)]*), {INTERVAL}\)", group, query)
    query = query.replace("$__unixEpochFrom()", f"{START.timestamp():.0f}")
    query = query.replace("$__unixEpochTo()", f"{END.timestamp():.0f}")
    assert "$" not in query, query
    return query


def ask_sql(query: str, alias: str) -> Rows:
    with connections[alias].cursor() as cursor:
        cursor.execute(query.replace("%", "%%"), ())
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
