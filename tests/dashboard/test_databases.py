"""The dashboard on PostgreSQL and MariaDB: numbers of changes, the lease, streams, and an outage."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.sites import MANAGE, Site, Stream, serving, thirty_pages, threads
from tests.hits.databases import temporary_folder, use_pymysql
from tests.services.harness import Server, wait_until
from tests.services.stores import MariaDB, PostgreSQL, Redis

pytestmark = pytest.mark.service

Kept = tuple[PostgreSQL | MariaDB, dict[str, Any]]


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def database_server(request: pytest.FixtureRequest) -> Iterator[PostgreSQL | MariaDB]:
    kind = PostgreSQL if request.param == "postgresql" else MariaDB
    with temporary_folder(str(request.param)) as folder, kind(folder) as running:
        yield running


@pytest.fixture
def entry(database_server: PostgreSQL | MariaDB) -> dict[str, Any]:
    """The DATABASES entry of an empty database."""
    found = dict(database_server.settings())
    (_empty_postgresql if isinstance(database_server, PostgreSQL) else _empty_mariadb)(found)
    return found


def _empty_postgresql(entry: dict[str, Any]) -> None:
    import psycopg

    with psycopg.connect(
        host=entry["HOST"], port=entry["PORT"], user=entry["USER"], dbname=entry["NAME"], autocommit=True
    ) as link:
        link.execute("DROP SCHEMA public CASCADE")
        link.execute("CREATE SCHEMA public")


def _empty_mariadb(entry: dict[str, Any]) -> None:
    use_pymysql()
    import pymysql

    with closing(pymysql.connect(host=entry["HOST"], port=entry["PORT"], user=entry["USER"])) as link:
        with link.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {entry['NAME']}")
            cursor.execute(f"CREATE DATABASE {entry['NAME']} CHARACTER SET utf8mb4")


@pytest.fixture
def site(entry: dict[str, Any], tmp_path: Path) -> Iterator[Site]:
    with serving("uvicorn", tmp_path / "site", DATABASES={"default": entry}) as running:
        yield running


def start(site: Site, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, MANAGE, *args],
        env=site.env,
        cwd=site.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str], status: int = 0) -> str:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == status, out + errors
    return out


def test_the_models_and_the_migrations_agree_there(site: Site) -> None:
    assert "No changes" in site.manage("makemigrations", "--check", "--dry-run", "metrics_dashboard")


def test_a_change_of_another_process_is_on_the_stream(site: Site) -> None:
    with Stream(site, site.enter("viewer")) as stream:
        stream.until("ping")
        site.set_value("Counter", 7)
        assert stream.until("changes", "Counter")["keys"] == ["Counter"]
    assert b">7<" in site.ask("/dashboard/widget/Counter", site.enter("viewer")).body


CONNECTIONS = {
    PostgreSQL: "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'",
    MariaDB: "SELECT count(*) FROM information_schema.processlist WHERE user = 'root'",
}
COUNT = """
from django.db import connection
cursor = connection.cursor()
cursor.execute({!r})
print(cursor.fetchone()[0])
"""


@pytest.mark.parametrize("with_redis", [False, True])
def test_open_pages_hold_two_connections_at_most(
    database_server: Any, entry: dict[str, Any], tmp_path: Path, redis: Redis, with_redis: bool
) -> None:
    """One looks for changes, another asks who may still look; the third is the one that counts."""
    more = {"DASHBOARD_MESSENGER_URL": redis.url} if with_redis else {}
    with serving("uvicorn", tmp_path / "site", DATABASES={"default": entry}, **more) as site:
        count = COUNT.format(CONNECTIONS[type(database_server)])
        with thirty_pages(site):
            wait_until(lambda: int(site.shell(count).split()[-1]) <= 3, "connections to be given back")
            wait_until(lambda: threads(site.running().pid) <= 5, "no more than five threads", 10)


def test_processes_that_publish_at_the_same_time_each_get_numbers_of_their_own(site: Site) -> None:
    """The first change ever is among them, and a reader follows from number to number without a gap."""
    names = ["Counter", "Wide", "Table", "Secret"]
    cookie = site.enter("root")
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while not done.is_set():
            answer = site.json(f"/dashboard/changes?since={seen[-1] if seen else 0}", cookie)
            seen.append(answer["seq"])

    reader = threading.Thread(target=follow)
    reader.start()
    # Each names the widgets in another order: rows are locked in one, so that nobody waits in a circle.
    workers = [start(site, "publish_many", "60", *names[turn:], *names[:turn]) for turn in range(4)]
    try:
        numbers = [int(number) for worker in workers for number in said(worker).split()]
    finally:
        done.set()
        reader.join(30)
        for worker in workers:
            worker.communicate()
    assert sorted(numbers) == list(range(1, 241))
    assert seen == sorted(seen)
    assert site.json("/dashboard/changes?since=0", cookie) | {"wait": 0, "stream": 0} == {
        "seq": 240, "keys": sorted(names), "wait": 0, "stream": 0,
    }  # fmt: skip


def test_of_several_machines_one_updates_at_a_time(site: Site) -> None:
    """Each forces an update of everything; whoever cannot, waits. Nobody's step is lost."""
    workers = [start(site, "update_widget_data", "--force", "--wait", "60", "Counter") for _ in range(4)]
    for worker in workers:
        said(worker)
    assert site.shell(VALUE).split()[-1] == "4"


VALUE = """
from django_metrics_statsd.dashboard.models import WidgetSetting
print(WidgetSetting.objects.get(widget_name="Counter", setting_name="value").value)
"""
LEASES = """
from datetime import timedelta
from django.db.models.functions import Now
from django_metrics_statsd.dashboard.models import Lease
Lease.objects.create(name="update_widget_data", holder="gone 1 x", expires=Now() + timedelta(seconds=%s))
"""


@pytest.mark.parametrize(("left", "status"), [(-1, 0), (60, 75)])
def test_a_lease_ends_by_the_clock_of_the_database(site: Site, left: int, status: int) -> None:
    site.shell(LEASES % left)
    said(start(site, "update_widget_data", "--force", "--wait", "0", "Counter"), status)


def test_while_the_database_is_away_open_pages_stay_open_and_then_get_what_they_missed(
    site: Site, database_server: PostgreSQL | MariaDB
) -> None:
    cookie = site.enter("viewer")
    with Stream(site, cookie) as stream:
        stream.until("ping")
        database_server.stop()
        time.sleep(2.5)
        Server.start(database_server)
        wait_until(lambda: site.ask("/dashboard/changes", cookie).status == 200, "the database to be back")
        site.set_value("Counter", 5)
        assert "Counter" in stream.until("changes", "Counter")["keys"]
    assert json.dumps(site.log()).count("Traceback") <= 3
