"""Every query of every panel, as Grafana sends it, to real databases that the storages have filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from django_metrics_statsd.hits.grafana.writing import dashboards
from django_metrics_statsd.hits.storages.django import DjangoStorage
from django_metrics_statsd.hits.storages.influxdb import InfluxStorage
from tests.hits import databases, grafanas
from tests.services.timeseries import InfluxDB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.stores import PostgreSQL

pytestmark = pytest.mark.service
#: Connections of other aliases than these are closed to a test.
uses_sql = pytest.mark.django_db(databases=["default", "grafana"])

RECORDS = grafanas.records()
BOARDS = dict(dashboards())


def panels(engine: str) -> list[Any]:
    """Each query of the dashboards for an engine, and the panel that it is of."""
    return [
        pytest.param(name, panel, target, id=f"{name}: {panel['title']} {target['refId']}")
        for name, board in BOARDS.items()
        if name.endswith(f"-{engine}.json")
        for panel in board["panels"]
        for target in panel["targets"]
    ]


def boards(engine: str) -> list[str]:
    return [name for name in BOARDS if name.endswith(f"-{engine}.json")]


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB]:
    with InfluxDB(tmp_path_factory.mktemp("influx")) as server:
        options = {"type": "influxdb", "host": "127.0.0.1", "port": server.port, "create": True}
        storage = InfluxStorage("x", {**options, "hits_db": "hits", "events_db": "events"})
        storage.write(RECORDS)
        storage.close()
        yield server


@pytest.fixture(scope="module")
def sql(postgresql: PostgreSQL, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    with django_db_blocker.unblock(), databases.database("grafana", postgresql.settings()) as alias:
        databases.empty(alias)
        DjangoStorage("x", {"type": "django", "hits_db": alias}).write(RECORDS)
        yield alias
        databases.empty(alias)


def ask_influx(server: InfluxDB, name: str, query: str) -> grafanas.Rows:
    return server.query(grafanas.as_influxql(query), "events" if name.startswith("events") else "hits")


def check(panel: dict[str, Any], target: dict[str, Any], rows: grafanas.Rows) -> None:
    """There are rows, and where a panel draws numbers there are numbers."""
    assert rows, target
    numbers = grafanas.numbers(rows)
    if panel["type"] != "table":
        assert any(numbers), target
    if target.get("format", target.get("resultFormat")) == "time_series":
        assert len(rows) > 5
    if panel["type"] == "stat":
        assert len(numbers) == 1
    told = {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]}
    for step in panel["transformations"]:
        told |= {each["field"] for each in step["options"].get("sort", ())}
    assert told <= rows[0].keys()


@uses_sql
@pytest.mark.parametrize(("name", "panel", "target"), panels("postgresql"))
def test_postgresql_answers(name: str, panel: Any, target: Any, sql: str) -> None:
    rows = grafanas.ask_sql(grafanas.as_sql(target["rawSql"]), sql)
    if target["format"] == "time_series":
        assert next(iter(rows[0])) == "time"
    check(panel, target, rows)


@pytest.mark.parametrize(("name", "panel", "target"), panels("influxdb"))
def test_influxdb_answers(name: str, panel: Any, target: Any, influx: InfluxDB) -> None:
    check(panel, target, ask_influx(influx, name, target["query"]))


@uses_sql
@pytest.mark.parametrize("name", boards("postgresql"))
def test_postgresql_names_the_sites(name: str, sql: str) -> None:
    rows = grafanas.ask_sql(BOARDS[name]["templating"]["list"][1]["query"], sql)
    assert {row["site"] for row in rows} in ({"shop"}, set(grafanas.SITES))


@pytest.mark.parametrize("name", boards("influxdb"))
def test_influxdb_names_the_sites(name: str, influx: InfluxDB) -> None:
    rows = ask_influx(influx, name, BOARDS[name]["templating"]["list"][1]["query"])
    assert {row["value"] for row in rows} in ({"shop"}, set(grafanas.SITES))


#: Percentiles are left out: InfluxDB takes the nearest value, PostgreSQL one between two.
SAME = {
    "overview": ("Requests a minute", "Server errors", "Client errors", "Visitors", "Bots"),
    "queries": ("Queries a request", "Share of time in the database"),
    "events": ("Events", "Failed logins", "Errors in the log"),
}


@uses_sql
@pytest.mark.parametrize(("key", "title"), [(key, title) for key, titles in SAME.items() for title in titles])
def test_both_say_the_same(key: str, title: str, sql: str, influx: InfluxDB) -> None:
    asked = _target(f"{key}-postgresql.json", title)["rawSql"]
    [ours] = grafanas.numbers(grafanas.ask_sql(grafanas.as_sql(asked), sql))
    name = f"{key}-influxdb.json"
    [theirs] = grafanas.numbers(ask_influx(influx, name, _target(name, title)["query"]))
    assert ours == pytest.approx(theirs, rel=0.02)


def _target(name: str, title: str) -> dict[str, Any]:
    panels = BOARDS[name]["panels"]
    panel = next(each for each in panels if each["title"] == title and each["type"] == "stat")
    [target] = panel["targets"]
    return dict(target)
