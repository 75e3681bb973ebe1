"""The store's tables are where its settings say, and the checks say what is wrong with those."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections, router

from django_metrics_statsd.monitoring.models import Annotation
from django_metrics_statsd.monitoring.stats import checks
from django_metrics_statsd.monitoring.stats.conf import all_settings, conf, on_change
from django_metrics_statsd.monitoring.stats.models import MODELS, StatName
from django_metrics_statsd.monitoring.stats.router import PATH, StatsRouter
from tests.hits.databases import database
from tests.monitoring_store.stores import sqlite_settings


def test_a_database_of_its_own_gets_the_stores_tables_alone(
    tmp_path: Path, settings: Any, django_db_blocker: Any
) -> None:
    settings.MONITORING_STATS_DATABASE = "stats"
    settings.DATABASE_ROUTERS = [PATH]
    with (
        django_db_blocker.unblock(),
        database("stats", sqlite_settings(tmp_path), migrated=False),
    ):
        call_command("migrate", database="stats", verbosity=0)
        tables = set(connections["stats"].introspection.table_names())
    assert tables == {model._meta.db_table for model in MODELS} | {"django_migrations"}


def test_the_router_speaks_of_its_own_models_alone(settings: Any) -> None:
    settings.MONITORING_STATS_DATABASE = "stats"
    settings.DATABASE_ROUTERS = [PATH]
    assert (router.db_for_read(StatName), router.db_for_write(StatName)) == ("stats", "stats")
    assert StatsRouter().db_for_read(User) is None
    assert StatsRouter().db_for_write(Annotation) is None
    assert StatsRouter().allow_migrate("default", "metrics_monitoring", "statname") is False
    assert StatsRouter().allow_migrate("default", "metrics_monitoring", "annotation") is None
    assert StatsRouter().allow_migrate("stats", "metrics_monitoring", "annotation") is False
    assert StatsRouter().allow_migrate("stats", "auth", "user") is False
    assert StatsRouter().allow_migrate("default", "auth", "user") is None


def test_the_default_database_is_everybodys() -> None:
    assert StatsRouter().allow_migrate("default", "auth", "user") is None
    assert StatsRouter().allow_migrate("default", "metrics_monitoring", "chunk") is True
    assert StatsRouter().allow_migrate("other", "metrics_monitoring", "chunk") is False


def found(settings: Any, **values: Any) -> list[tuple[str | None, str]]:
    settings.STATSD_CLIENT = "django_metrics_statsd.monitoring.client"
    for name, value in values.items():
        setattr(settings, name, value)
    return [(each.id, each.msg) for check in checks.CHECKS for each in check()]


def test_good_settings_pass(settings: Any) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONITORING_STATS_WINDOW", 7),
        ("MONITORING_STATS_WINDOW", True),
        ("MONITORING_STATS_WINDOW", 60),
        ("MONITORING_STATS_NAMES", 0),
        ("MONITORING_STATS_BACKLOG", "much"),
        ("MONITORING_STATS_HOUR_DAYS", -1),
    ],
)
def test_a_wrong_value_is_named(settings: Any, name: str, value: Any) -> None:
    ((number, message),) = found(settings, **{name: value})
    assert number == "metrics_monitoring.E101"
    assert name in message
    assert repr(value) in message
    assert getattr(conf, name) == next(each.default for each in all_settings() if each.name == name)


def test_a_database_that_is_not_there_is_named(settings: Any) -> None:
    ((number, message),) = found(settings, MONITORING_STATS_DATABASE="nowhere")
    assert number == "metrics_monitoring.E102"
    assert "'nowhere'" in message
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.null"
    assert checks.check_database() == []


def test_a_router_that_is_missing_is_asked_for(settings: Any, tmp_path: Path, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock(), database("stats", sqlite_settings(tmp_path), migrated=False):
        ((number, message),) = found(settings, MONITORING_STATS_DATABASE="stats")
        assert number == "metrics_monitoring.W101"
        assert "DATABASE_ROUTERS" in message
        assert found(settings, DATABASE_ROUTERS=[PATH]) == []


def test_a_change_of_a_setting_is_told(settings: Any) -> None:
    told: list[int] = []
    on_change(lambda: told.append(1))
    settings.MONITORING_STATS_WINDOW = 5
    assert told == [1]
