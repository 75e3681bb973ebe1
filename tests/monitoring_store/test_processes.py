"""Many real processes and one store: nothing is lost, nothing counted twice, whatever happens to them."""

from __future__ import annotations

import signal
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_metrics_statsd.monitoring.stats import reading, rolling
from django_metrics_statsd.monitoring.stats.models import Chunk, StatName, StoredWindow
from tests.monitoring_store.child import times
from tests.monitoring_store.stores import Child, store
from tests.services.harness import Server, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNT = 2_000


def told(kept: dict[str, Any]) -> dict[str, Any]:
    return {"pymysql": True} if "mysql" in kept["ENGINE"] else {}


def now() -> datetime:
    return datetime.now(UTC)


def whole(name: str) -> reading.Summary:
    found = reading.summary(name, now() - timedelta(hours=2), now() + timedelta(minutes=2))
    assert found is not None, f"no {name}"
    return found


def exact(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))]


def check_all(seeds: Iterable[int], count: int = COUNT) -> None:
    """Compare the store with what children of these seeds have emitted."""
    values = [value for seed in seeds for value in times(seed, count)]
    assert whole("requests").get("sum") == len(values)
    took = whole("took")
    assert took.get("count") == len(values)
    assert took.get("sum") == pytest.approx(sum(values))
    assert (took.get("min"), took.get("max")) == (min(values), max(values))
    for figure, share in (("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99)):
        assert took.get(figure) == pytest.approx(exact(values, share), rel=0.0101)
    assert whole("users").get("distinct") == len(list(seeds))
    assert whole("level").get("last") in set(seeds)


def test_eight_processes_are_one_site(kept: dict[str, Any]) -> None:
    children = [Child(kept, seed=seed, count=COUNT, seconds=3, flush=True, **told(kept)) for seed in range(8)]
    errors = [child.finish() for child in children]
    assert errors == [""] * 8
    check_all(range(8))
    rows = StoredWindow.objects.using("stats").filter(step__lt=60)
    assert 8 * 2 <= rows.count() <= 8 * 12
    assert [stat.name for stat in reading.names()] == ["level", "requests", "took", "users"]
    for _ in rolling.roll("stats", time.time() + 120):
        pass
    assert not rows.filter(rolled=False).exists()
    check_all(range(8))


def test_a_process_that_is_killed_leaves_what_it_wrote_and_loses_its_last_window(
    kept: dict[str, Any],
) -> None:
    first = Child(kept, seed=1, count=COUNT, flush=True, hold=True, **told(kept))
    second = Child(kept, seed=2, count=COUNT, hold=True, window=30, **told(kept))
    for child in (first, second):
        child.line()
        child.kill()
    check_all([1])


def test_a_process_that_is_told_to_end_writes_what_it_has(kept: dict[str, Any]) -> None:
    child = Child(kept, seed=1, count=COUNT, hold=True, window=30, **told(kept))
    child.line()
    child.process.send_signal(signal.SIGTERM)
    child.process.communicate(timeout=30)
    assert child.process.returncode == -signal.SIGTERM
    check_all([1])


def test_forked_processes_count_what_is_theirs(kept: dict[str, Any]) -> None:
    child = Child(kept, seed=1, count=COUNT, forks=[2, 3], seconds=1, **told(kept))
    assert child.finish() == ""
    check_all([1, 2, 3])


def test_many_that_roll_up_at_once_and_are_killed_count_nothing_twice(kept: dict[str, Any]) -> None:
    """Three processes roll up what the others write, to days and without a claim; two are killed at it."""
    rollers = [Child(kept, roll=30 * 3_600, **told(kept)) for _ in range(3)]
    for child in rollers:
        child.line()
    writers = [Child(kept, seed=seed, count=COUNT, seconds=2, flush=True, **told(kept)) for seed in range(4)]
    wait_until(lambda: Chunk.objects.using("stats").exists(), "the first that is rolled up")
    for child in rollers[:2]:
        child.kill()
    assert [child.line()["telemetry"]["dropped"] for child in writers] == [{}] * 4
    assert [child.finish() for child in writers] == [""] * 4
    for child in rollers[2:]:
        child.tell("end")
        child.finish()
    check_all(range(4))
    for _ in rolling.roll("stats", time.time() + 30 * 3_600):
        pass
    assert not StoredWindow.objects.using("stats").filter(rolled=False).exists()
    check_all(range(4))


def test_many_names_from_many_processes_are_bounded_and_counted(kept: dict[str, Any]) -> None:
    children = [
        Child(kept, seed=seed, count=10, flood=25_000, names=500, seconds=3, flush=True, **told(kept))
        for seed in range(4)
    ]
    counts = [child.line()["telemetry"] for child in children]
    for child in children:
        child.finish()
    assert 500 <= StatName.objects.using("stats").count() <= 500 + 5  # and our own, that say so
    for each in counts:
        assert each["sent"] + sum(each["dropped"].values()) == 25_000 + 10 * 4
        assert each["dropped"]["series"] + each["dropped"]["names"] > 24_000
    told_of = whole("django_metrics_statsd.dropped.series").get("sum")
    assert told_of is not None
    assert told_of > 50_000


def test_a_locked_database_is_waited_for(tmp_path: Any, alias: str) -> None:
    file = connections[alias].settings_dict["NAME"]
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": file}
    child = Child(settings, seed=1, count=COUNT, seconds=1, hold=True)
    began = time.monotonic()
    assert child.line()["telemetry"]["sent"] == 0  # nobody waited for the lock but the thread
    assert time.monotonic() - began < 20
    complaint = child.complaint()  # SQLite has waited once, in vain
    lock.execute("COMMIT")
    lock.close()
    assert "stats cannot be written" in complaint
    wait_until(lambda: StoredWindow.objects.using(alias).exists(), "the windows that waited")
    child.tell("end")
    child.finish()
    check_all([1])


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_server_that_goes_away_and_comes_back_gets_everything_once(
    kind: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(f"{kind}_server")
    request.getfixturevalue("settings").MONITORING_STATS_DATABASE = "stats"
    entry = dict(server.settings())
    with request.getfixturevalue("django_db_blocker").unblock(), store(entry):
        child = Child(entry, seed=1, count=COUNT, seconds=1, hold=True, bursts=5, **told(entry))
        child.line()
        connections["stats"].close()
        wait_until(lambda: StoredWindow.objects.using("stats").exists(), "a first window")
        connections["stats"].close()
        server.stop()
        time.sleep(3)
        Server.start(server)
        child.tell("end")
        child.finish()
        check_all([1])
