"""The router, beside real databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections, router

from django_metrics_statsd.hits.models import Event, Hit, Timing
from django_metrics_statsd.hits.router import PATH, HitsRouter, gaps
from django_metrics_statsd.hits.storages.django import DjangoStorage
from tests.hits.databases import database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APP = "metrics_hits"
HITS = {"metrics_hits_hit", "metrics_hits_timing"}
EVENTS = {"metrics_hits_event"}


class OwnStorage(DjangoStorage):
    """One of the site's."""


@pytest.fixture
def routed(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [PATH]


@pytest.fixture
def places(tmp_path: Path, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """Two more databases, empty."""
    files = [{"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / f"{name}.db"} for name in "ab"]
    with (
        django_db_blocker.unblock(),
        database("hits", files[0], migrated=False) as first,
        database("events", files[1], migrated=False) as second,
    ):
        yield first, second


def tables(alias: str) -> set[str]:
    return set(connections[alias].introspection.table_names()) - {"django_migrations"}


def test_reads_and_writes_go_where_the_first_django_storage_keeps_things(routed: None, settings: Any) -> None:
    settings.WT_DATABASES = {
        "flux": {"type": "influxdb"},
        "first": {"type": "django", "hits_db": "hits", "events_db": "events"},
        "second": {"type": "django"},
    }
    for where in (router.db_for_read, router.db_for_write):
        assert [where(model) for model in (Hit, Timing, Event)] == ["hits", "hits", "events"]
        assert where(User) == "default"


def test_events_go_with_the_hits_unless_something_else_is_said(routed: None, settings: Any) -> None:
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": "hits"}}
    assert router.db_for_read(Event) == "hits"
    settings.WT_DATABASES = {"main": {"type": "django", "events_db": "events"}}
    assert [router.db_for_read(model) for model in (Hit, Event)] == ["default", "events"]


def test_a_storage_made_of_the_django_storage_counts_as_one(routed: None, settings: Any) -> None:
    settings.WT_DATABASES = {"own": {"type": f"{__name__}.OwnStorage", "hits_db": "hits"}}
    assert router.db_for_read(Hit) == "hits"


@pytest.mark.parametrize("kind", ["influxdb", "no.such.Class", "tests.hits.samples.hit", "nonsense"])
def test_without_a_django_storage_django_decides(kind: str, routed: None, settings: Any) -> None:
    settings.WT_DATABASES = {"main": {"type": kind}}
    assert HitsRouter().db_for_read(Hit) is None
    assert router.db_for_read(Hit) == "default"
    assert HitsRouter().allow_migrate("default", APP) is False


def test_migrations_make_each_table_where_it_belongs(
    routed: None, places: tuple[str, str], settings: Any
) -> None:
    hits, events = places
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": hits, "events_db": events}}
    for alias in places:
        call_command("migrate", database=alias, verbosity=0)
    assert tables(hits) == HITS
    assert tables(events) == EVENTS
    assert HitsRouter().allow_migrate("default", APP) is False
    assert HitsRouter().allow_migrate("default", APP, "hit") is False


def test_every_storage_gets_its_tables(routed: None, places: tuple[str, str], settings: Any) -> None:
    hits, events = places
    settings.WT_DATABASES = {
        "first": {"type": "django", "hits_db": hits},
        "second": {"type": "django", "hits_db": events},
    }
    for alias in places:
        call_command("migrate", database=alias, verbosity=0)
        assert tables(alias) == HITS | EVENTS


def test_other_apps_go_where_they_always_went(routed: None, settings: Any) -> None:
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": "hits"}}
    assert router.allow_migrate("default", "auth") is True
    assert router.allow_migrate("elsewhere", "auth") is True
    assert router.allow_migrate("hits", "auth") is False


class SharedRouter:
    """A site's own, which lets its app share the hits' database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return True if (db, app_label) == ("hits", "auth") else None


def test_a_router_before_it_can_let_other_apps_in(settings: Any) -> None:
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": "hits"}}
    settings.DATABASE_ROUTERS = [f"{__name__}.SharedRouter", PATH]
    assert router.allow_migrate("hits", "auth") is True
    assert router.allow_migrate("hits", "sessions") is False


def test_the_default_database_is_shared_by_all(routed: None) -> None:
    assert router.allow_migrate("default", APP, model_name="hit") is True
    assert router.allow_migrate("default", "auth") is True
    assert router.allow_migrate("other", APP, model_name="hit") is False


def test_rows_that_are_looked_for_elsewhere_are_named_with_the_remedy(settings: Any) -> None:
    assert list(gaps()) == []
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": "hits", "events_db": "default"}}
    messages = [message for message, _ in gaps()]
    assert [message.split(",")[0] for message in messages] == [
        "hits are kept in 'hits'",
        "browser timings are kept in 'hits'",
    ]
    assert "look in 'default'" in messages[0]
    settings.DATABASE_ROUTERS = [PATH]
    assert list(gaps()) == []
