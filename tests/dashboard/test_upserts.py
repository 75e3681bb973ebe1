"""Rows that are changed or made while other processes write: nobody is refused, nothing is there twice."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.db.models.signals import pre_save

from django_metrics_statsd.dashboard.models import WidgetSetting
from django_metrics_statsd.upserts import put
from tests.hits.databases import database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALIAS = "shared"


class ToShared:
    """Has all writes in the one database."""

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return ALIAS


@pytest.fixture
def other(tmp_path: Path, settings: Any, django_db_blocker: Any) -> Iterator[sqlite3.Connection]:
    """Another process's connection to the database of widgets' settings."""
    settings.DATABASE_ROUTERS = [ToShared()]
    file = str(tmp_path / "site.sqlite3")
    entry = {"ENGINE": "django.db.backends.sqlite3", "NAME": file}
    with django_db_blocker.unblock(), database(ALIAS, entry, migrated=False):
        with connections[ALIAS].schema_editor() as editor:
            editor.create_model(WidgetSetting)
        with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as connection:
            yield connection


def values() -> dict[str, Any]:
    return dict(WidgetSetting.objects.using(ALIAS).values_list("setting_name", "value"))


def keep(value: Any) -> None:
    put(WidgetSetting, {"value": value}, widget_name="Tile", setting_name="rate")


def test_a_row_is_made_and_then_changed(other: sqlite3.Connection) -> None:
    keep({"a": 1})
    assert values() == {"rate": {"a": 1}}
    keep(None)
    assert values() == {"rate": None}


@pytest.mark.parametrize("has_row", [False, True])
def test_another_writer_is_waited_for(other: sqlite3.Connection, has_row: bool) -> None:
    if has_row:
        keep(1)
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(0.5, other.execute, ["COMMIT"])
    ends.start()
    keep(2)
    ends.join()
    assert values() == {"rate": 2}


def test_a_row_that_another_process_makes_meanwhile_is_changed(other: sqlite3.Connection) -> None:
    def first(**kwargs: Any) -> None:
        other.execute(
            "INSERT INTO metrics_dashboard_widgetsetting (widget_name, setting_name, value)"
            " VALUES ('Tile', 'rate', '1')"
        )

    pre_save.connect(first, sender=WidgetSetting)
    try:
        keep(2)
    finally:
        pre_save.disconnect(first, sender=WidgetSetting)
    assert values() == {"rate": 2}
