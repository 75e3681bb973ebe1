"""How many hits a second does the influxdb storage write, beside a bare POST of lines that are ready-made?

Not among the default questions, as it needs InfluxDB. Each way writes the same hits, enriched, in batches of
1,000, each round into a new database, in turns: bare, ours, bare, ours, …. The bare way sends bodies that
were made before, over one kept connection: what it takes is the server's time, which no client can save.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.child import progress
from benchmarks.report import Table
from django_metrics_statsd.hits.records import HitRecord
from django_metrics_statsd.hits.storages.influxdb import InfluxStorage
from django_metrics_statsd.hits.storages.lines import Lines
from django_metrics_statsd.hits.storages.tags import HIT_TAGS, hit_tags, ruled
from tests.hits.samples import hits
from tests.services.timeseries import InfluxDB

NUMBER, BATCH, ROUNDS = 20_000, 1_000, 7

Batches = list[list[HitRecord]]
#: Of each round: seconds by the clock, and of this process's CPU.
Times = list[tuple[float, float]]
Write = Callable[[], None]
Way = Callable[[InfluxDB, str, Batches], Write]


def bare(server: InfluxDB, database: str, batches: Batches, squeeze: bool = False) -> Write:
    """Return what POSTs bodies made before."""
    lines = Lines()
    bodies = [b"\n".join(map(lines, batch)) for batch in batches]
    if squeeze:
        bodies = [gzip.compress(body, 1) for body in bodies]
    headers = {"Content-Encoding": "gzip"} if squeeze else {}

    def write() -> None:
        connection = HTTPConnection("127.0.0.1", server.port)
        for body in bodies:
            connection.request("POST", f"/write?db={database}&precision=ns", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 204:
                raise RuntimeError(f"InfluxDB answered {answer.status}")
        connection.close()

    return write


def bare_gzip(server: InfluxDB, database: str, batches: Batches) -> Write:
    """Return what POSTs bodies that were also compressed before."""
    return bare(server, database, batches, squeeze=True)


def ours(server: InfluxDB, database: str, batches: Batches, squeeze: bool = True) -> Write:
    """Return what writes through the storage."""
    where = {"host": "127.0.0.1", "port": server.port, "hits_db": database, "gzip": squeeze}
    storage = InfluxStorage("x", {"type": "influxdb", **where})

    def write() -> None:
        for batch in batches:
            storage.write(batch)
        storage.close()

    return write


def ours_plain(server: InfluxDB, database: str, batches: Batches) -> Write:
    """Return what writes through the storage, bodies as they are."""
    return ours(server, database, batches, squeeze=False)


def package(server: InfluxDB, database: str, batches: Batches) -> Write:
    """Return what writes through the `influxdb` package, given the dictionaries that it takes."""
    from influxdb import InfluxDBClient

    points = [[_point(record) for record in batch] for batch in batches]
    client = InfluxDBClient("127.0.0.1", server.port, database=database)

    def write() -> None:
        for batch in points:
            client.write_points(batch)
        client.close()

    return write


def _point(hit: HitRecord) -> dict[str, Any]:
    named = {"path", "reason_phrase", "ip", "user_agent", "referer", "user", "request_time", "queries_time"}
    fields = {name: getattr(hit, name) for name in (*named, "doc_size", "num_queries", "is_staff")}
    tags = {name: value for name, value, _ in ruled(hit_tags(hit), HIT_TAGS)}
    return {"measurement": "hits", "time": hit.time, "tags": tags, "fields": {"id": str(hit.id), **fields}}


WAYS: dict[str, Way] = {
    "bare POST of ready-made lines": bare,
    "the same, compressed before": bare_gzip,
    "influxdb storage": ours,
    "influxdb storage, 'gzip': False": ours_plain,
    "influxdb package, fewer fields": package,
}


def rounds(server: InfluxDB, batches: Batches, ways: dict[str, Way]) -> dict[str, Times]:
    """Return what each way took, round by round."""
    found: dict[str, Times] = {name: [] for name in ways}
    for number in range(ROUNDS):
        for name, way in ways.items():
            progress(f"round {number + 1}: {name}")
            server.query("CREATE DATABASE bench")
            write = way(server, "bench", batches)
            clock, cpu = time.perf_counter(), time.process_time()
            write()
            found[name].append((time.perf_counter() - clock, time.process_time() - cpu))
            (row,) = server.query("SELECT count(id) FROM hits", "bench")
            if row["count"] != NUMBER:
                raise RuntimeError(f"{name}: {row['count']} of {NUMBER} are there")
            server.query("DROP DATABASE bench")
    progress("")
    return found


def measured() -> Table:
    """Measure and return the table."""
    title = (
        f"Hits into InfluxDB, one process (median of {ROUNDS} rounds of {NUMBER:,} hits, {BATCH:,} at once)"
    )
    table = Table(title)
    ways = {name: way for name, way in WAYS.items() if way is not package or find_spec("influxdb")}
    records = hits(NUMBER)
    batches = [records[start : start + BATCH] for start in range(0, NUMBER, BATCH)]
    with TemporaryDirectory() as folder, InfluxDB(Path(folder)) as server:
        found = rounds(server, batches, ways)
    for name, times in found.items():
        table.add(name, "by the clock", NUMBER / median(clock for clock, _ in times), "/s")
        table.add("", "CPU of the process", median(cpu for _, cpu in times) / NUMBER * 1e6, "us/hit")
    table.notes.append(share(found["bare POST of ready-made lines"], found["influxdb storage"]))
    return table


def share(bare: Times, ours: Times) -> str:
    """Return what part of the bare pace ours is, round by round."""
    found = [theirs / own for (theirs, _), (own, _) in zip(bare, ours, strict=True)]
    middle, least, most = (f"{each:.0%}" for each in (median(found), min(found), max(found)))
    return f"the storage writes at {middle} of the bare POST's pace ({least} to {most})"


def tables() -> Iterator[Table]:
    """Measure and yield the table."""
    yield measured()


def main() -> None:
    """Measure and print."""
    for table in tables():
        table.show()


if __name__ == "__main__":
    main()
