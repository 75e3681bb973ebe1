from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from django_metrics_statsd.observation import Observation, current
from django_metrics_statsd.patches.db import patch, verb_of
from django_metrics_statsd.testing import Captured


@pytest.fixture(autouse=True)
def patched() -> Iterator[None]:
    patch.install()
    yield
    patch.uninstall()
    state = vars(connections["default"])  # what the patch remembers of statements
    for name in [name for name in state if name.startswith("_metrics_")]:
        del state[name]


class Endless:
    """Looks like SQL made of parts, for ever."""

    asked = 0

    def __getitem__(self, index: int) -> Endless:
        self.asked += 1
        if self.asked > 10_000:
            raise SystemExit("would never have ended")
        return self


@pytest.mark.parametrize(
    ("statement", "verb"),
    [
        ("SELECT 1", "select"),
        ("select 1", "select"),
        ("  \n\tInsert INTO x", "insert"),
        ("(SELECT 1) UNION (SELECT 2)", "select"),
        ("((SELECT 1))", "select"),
        ("-- a comment\nUPDATE x", "update"),
        ("/* a\ncomment */ /* two */ DELETE FROM x", "delete"),
        ("/* open SELECT", "other"),
        ("-- open", "other"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "with"),
        ("EXPLAIN SELECT 1", "explain"),
        ("SAVEPOINT s1", "savepoint"),
        ("BEGIN", "begin"),
        ("VACUUM;", "vacuum"),
        ("SELECT", "select"),
        ("DROPPED x", "other"),
        ("x" * 100_000, "other"),
        ("\0", "other"),
        ("", "other"),
        ("42", "other"),
        (b"SELECT 1", "select"),
        (bytearray(b"\xff SELECT 1"), "other"),
        (sql.SQL("DELETE FROM x"), "delete"),
        (sql.SQL("SELECT {} FROM {}").format(sql.Literal(1), sql.Identifier("x")), "select"),
        (sql.Composed([]), "other"),
        (sql.Composed([sql.Composed([sql.SQL("UPDATE x")])]), "update"),
        (sql.Literal(3), "other"),
        (None, "other"),
        (3, "other"),
        (object(), "other"),
        (Endless(), "other"),
    ],
)
def test_the_verb_of_a_statement(statement: Any, verb: str) -> None:
    assert verb_of(statement) == verb


@pytest.mark.django_db
def test_statements_are_timed_by_their_verb(stats: Captured) -> None:
    group = Group.objects.create(name="a")
    group.name = "b"
    group.save()
    assert Group.objects.get().name == "b"
    group.delete()
    for verb in ("insert", "update", "select", "delete"):
        stats.assert_timing(f"db.sqlite3.default.execute.{verb}")
    assert all(record.value >= 0 for record in stats)


@pytest.mark.django_db
def test_every_way_to_run_a_statement(stats: Captured) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [1])
        cursor.execute(sql="SELECT 1", params=None)
        cursor.execute("CREATE TABLE t (a int)")
        cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,)])
        assert cursor.execute("SELECT count(*) FROM t").fetchone() == (2,)
    stats.assert_timing("db.sqlite3.default.execute.select", times=3)
    stats.assert_timing("db.sqlite3.default.execute.create", times=1)
    stats.assert_timing("db.sqlite3.default.executemany.insert", times=1)


@pytest.mark.django_db
def test_a_statement_that_fails_is_timed_and_fails(stats: Captured) -> None:
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute("SELECT nothing FROM nowhere")
    stats.assert_timing("db.sqlite3.default.execute.select", times=1)
    group = Group.objects.create(name="a")
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.bulk_create([Group(pk=group.pk, name="b")])


@pytest.mark.django_db(transaction=True)
def test_connect_commit_and_rollback_are_timed(stats: Captured) -> None:
    with transaction.atomic():
        Group.objects.create(name="a")
    stats.assert_timing("db.sqlite3.default.commit", times=1)
    stats.assert_timing("db.sqlite3.default.execute.begin", times=1)
    with pytest.raises(ValueError), transaction.atomic():
        raise ValueError("no")
    stats.assert_timing("db.sqlite3.default.rollback", times=1)


def other_connection(path: Path) -> DatabaseWrapper:
    settings = connections.settings["default"] | {"NAME": str(path)}
    return DatabaseWrapper(settings, alias="other")


@pytest.mark.django_db
def test_a_new_connection_is_timed_in_its_own_name(stats: Captured, tmp_path: Path) -> None:
    other = other_connection(tmp_path / "other.sqlite3")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        other.close()
    stats.assert_timing("db.sqlite3.other.connect", times=1)
    stats.assert_timing("db.sqlite3.other.execute.select", times=1)
    assert not [record for record in stats if ".default." in record.stat]


@pytest.mark.django_db(transaction=True)
def test_other_threads_and_their_connections(stats: Captured, tmp_path: Path) -> None:
    def work() -> None:
        other = other_connection(tmp_path / "other.sqlite3")
        other.cursor().execute("SELECT 1")
        other.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats.assert_timing("db.sqlite3.other.execute.select", times=3)


@pytest.mark.django_db
def test_assert_num_queries_and_captured_queries_go_on_working(
    stats: Captured, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        Group.objects.count()
        Group.objects.exists()
    with CaptureQueriesContext(connection) as captured:
        Group.objects.count()
        with connection.cursor() as cursor:
            cursor.executemany("UPDATE auth_group SET name = %s WHERE id = %s", [("a", 1)])
    assert [query["sql"][:8] for query in captured.captured_queries] == ["SELECT C", "1 times:"]
    stats.assert_timing("db.sqlite3.default.execute.select", times=3)
    stats.assert_timing("db.sqlite3.default.executemany.update", times=1)


class Procedures:
    """A driver's cursor with stored procedures, which SQLite has none of."""

    called: list[tuple[Any, ...]]

    def __init__(self) -> None:
        self.called = []

    def callproc(self, *args: Any) -> str:
        self.called.append(args)
        return "result"


def call(cursor: Any, *args: Any, **kwargs: Any) -> Any:
    return CursorWrapper(cursor, connections["default"]).callproc(*args, **kwargs)


@pytest.mark.django_db
def test_procedures_are_timed_by_their_name_each_time(stats: Captured) -> None:
    driver = Procedures()
    for _ in range(3):
        assert call(driver, "add_up", [1, 2]) == "result"
        assert call(driver, "report_daily") == "result"
        assert call(driver, procname="reports") == "result"
    assert driver.called == [("add_up", [1, 2]), ("report_daily",), ("reports",)] * 3
    for name in ("add_up", "report_daily", "reports"):
        stats.assert_timing(f"db.sqlite3.default.callproc.{name}", times=3)


@pytest.mark.django_db
def test_names_of_procedures_are_clean_and_bounded(stats: Captured) -> None:
    driver = Procedures()
    call(driver, "my schema.do:it")
    stats.assert_timing("db.sqlite3.default.callproc.my_schema.do_it", times=1)
    for number in range(400):
        call(driver, f"procedure_{number}")
    names = {record.stat for record in stats}
    assert 200 < len(names) < 300
    stats.assert_timing("db.sqlite3.default.callproc.other")


@pytest.mark.django_db
def test_what_a_driver_takes_as_a_statement_is_passed_through_untouched(stats: Captured) -> None:
    class Driver:
        def execute(self, *args: Any) -> tuple[Any, ...]:
            return args

        executemany = execute

    composed = sql.SQL("SELECT 1")
    cursor = CursorWrapper(Driver(), connections["default"])
    assert cursor.execute(composed)[0] is composed
    assert cursor.execute(b"DELETE FROM x", ("p",)) == (b"DELETE FROM x", ("p",))
    assert cursor.executemany(composed, [1])[0] is composed
    stats.assert_timing("db.sqlite3.default.execute.select", times=1)
    stats.assert_timing("db.sqlite3.default.execute.delete", times=1)
    stats.assert_timing("db.sqlite3.default.executemany.select", times=1)


@pytest.mark.django_db
def test_statements_that_begin_alike_are_told_apart(stats: Captured) -> None:
    with connection.cursor() as cursor:
        for _ in range(2):
            cursor.execute("SELECT 1")
            cursor.execute("select 1")
            cursor.execute("/* one */ SELECT 1")
            cursor.execute("/* one */ DELETE FROM auth_group")
            cursor.execute("EXPLAIN SELECT 1")
    stats.assert_timing("db.sqlite3.default.execute.select", times=6)
    stats.assert_timing("db.sqlite3.default.execute.delete", times=2)
    stats.assert_timing("db.sqlite3.default.execute.explain", times=2)


@pytest.mark.django_db
def test_a_requests_observation_gets_the_number_and_the_time(stats: Captured) -> None:
    token = current.set(seen := Observation())
    try:
        Group.objects.count()
        Group.objects.exists()
    finally:
        current.reset(token)
    assert seen.queries == 2
    assert seen.query_ms == pytest.approx(sum(record.value for record in stats))


@pytest.mark.django_db(transaction=True)
def test_muted_requests_emit_nothing(stats: Captured) -> None:
    token = current.set(Observation(muted=True))
    try:
        with transaction.atomic():
            Group.objects.count()
    finally:
        current.reset(token)
    stats.assert_nothing()


@pytest.mark.django_db(transaction=True)
def test_tags(stats: Captured, settings: Any) -> None:
    settings.STATSD_TAGS = "datadog"
    with transaction.atomic():
        Group.objects.count()
    stats.assert_timing("db.sqlite3.default.execute.select", tags={"alias": "default", "operation": "select"})
    stats.assert_timing("db.sqlite3.default.commit", tags={"alias": "default", "operation": "commit"})


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_ours_is_not_the_querys(monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]) -> None:
    from django_metrics_statsd.clients import statsd

    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    statsd.incr("bound")
    monkeypatch.setattr(statsd, "timing", fail)
    with transaction.atomic():
        assert Group.objects.count() == 0
    assert faults["patches.db"] >= 2


def test_without_the_patch_nothing_is_timed(stats: Captured, db: None) -> None:
    patch.uninstall()
    stats.clear()  # the test's own transaction
    Group.objects.count()
    stats.assert_nothing()
    assert CursorWrapper.execute.__module__ == "django.db.backends.utils"
