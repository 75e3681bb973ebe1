"""The ready-made widgets that live from records: visitors, events, errors' messages, and collectors."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_metrics_statsd.dashboard.rendering import Body, render_body
from django_metrics_statsd.dashboard.widgets.errors import Errors
from django_metrics_statsd.dashboard.widgets.records import (
    EVENTS,
    SHOWN,
    CollectorLag,
    LatestEvents,
    VisitorsNow,
)
from django_metrics_statsd.hits.collector.run import Collector
from django_metrics_statsd.hits.events import EventLogHandler
from django_metrics_statsd.hits.ids import Ids
from django_metrics_statsd.hits.models import Event
from django_metrics_statsd.hits.records import UserAgent
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.storages.loading import make_storages
from django_metrics_statsd.hits.transports.address import read
from django_metrics_statsd.hits.transports.streams import StreamsTransport
from tests.hits import kept, samples
from tests.services.stores import Redis

ids = Ids()


def tile(widget: Any, user: User | None = None) -> Body:
    request = RequestFactory().get("/")
    if user is not None:
        request.user = user
    return render_body(widget, request)


def put(name: str, scope: str = "public", *groups: str, **fields: Any) -> None:
    lines = "".join(f"\n{group}" for group in groups) + "\n" if groups else ""
    now = timezone.now()
    identity = ids(int(now.timestamp() * 1_000_000))
    Event.objects.create(
        id=identity, time=now, site="shop", name=name, scope=scope, groups_text=lines, **fields
    )


def visit(ip: str, agent: str, browser: str, country: str = "", *, bot: bool = False, ago: float = 0) -> Any:
    """A hit as a collector hands it on."""
    record = samples.hit(ip=ip, user_agent=agent)
    record.time = datetime.now(UTC) - timedelta(seconds=ago)
    record.ua = UserAgent(browser=browser, is_bot=bot)
    record.geo = samples.Geo(country_name=country)
    return record


def store(*records: Any) -> None:
    (storage,) = make_storages()
    storage.write(records)


@pytest.mark.django_db(transaction=True)
def test_visitors_are_people_of_the_last_minutes_by_country_and_browser(settings: Any) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django_metrics_statsd.hits.middleware.HitsMiddleware"]
    widget = VisitorsNow()
    assert widget.update_widget_data() is True
    assert ">0<" in tile(widget).html
    store(
        visit("192.0.2.1", "one", "Firefox", "Spain"),
        visit("192.0.2.1", "one", "Firefox", "Spain"),
        visit("192.0.2.1", "two", "Chrome", "Spain"),  # another browser behind the same address
        visit("192.0.2.2", "two", "Chrome", "Peru"),
        visit("192.0.2.3", "bot", "Googlebot", "Peru", bot=True),
        visit("192.0.2.4", "two", "Chrome", "Chad", ago=400),
        visit("", "three", "", ""),
    )
    assert widget.look(datetime.now(UTC)) == {
        "number": 4,
        "countries": [["Spain", 2], ["Peru", 1], ["", 1]],  # of equals by name, what is unknown last
        "browsers": [["Chrome", 2], ["Firefox", 1], ["", 1]],
        "cut": False,
    }
    widget.update_widget_data()
    html = tile(widget).html
    for part in ("Spain", "Chrome", "unknown", "without bots"):
        assert part in html
    assert "192.0.2" not in html


@pytest.mark.django_db
def test_each_viewer_gets_the_events_of_his_scopes_and_groups() -> None:
    for scope in ("superuser", "staff", "users", "public"):
        put(f"for {scope}", scope)
    put("for the office", "superuser", "office")
    put("<script>alert(1)</script>", "public")
    widget = LatestEvents()
    assert widget.update_widget_data() is True
    assert widget.update_widget_data() is False
    ann = User.objects.create(username="ann")
    wanted = {
        None: {"public"},
        ann: {"public", "users"},
        User.objects.create(username="bob", is_staff=True): {"public", "users", "staff"},
        User.objects.create(username="eve", is_superuser=True): {"public", "users", "staff", "superuser"},
    }
    for user, scopes in wanted.items():
        html = tile(widget, user).html
        assert {
            scope for scope in ("superuser", "staff", "users", "public") if f"for {scope}" in html
        } == scopes
        assert ("office" in html) is bool(user and user.is_superuser)
        assert "<script" not in html
    ann.groups.add(Group.objects.create(name="office"))
    for _ in range(5):
        put("for another office", "superuser", "warehouse")
    widget.update_widget_data()
    with CaptureQueriesContext(connection) as queries:
        assert "for the office" in tile(widget, ann).html
    assert len([each for each in queries if "auth_group" in each["sql"]]) == 1


@pytest.mark.django_db
def test_a_flood_of_events_for_few_leaves_some_for_everybody_and_is_bounded() -> None:
    put("for everybody")
    for number in range(EVENTS - 1):
        put(f"number {number}", "superuser")
    widget = LatestEvents()
    widget.update_widget_data()
    assert "for everybody" in tile(widget).html
    assert len(widget.get_setting("data")["events"]) == 21
    assert tile(widget, User(is_superuser=True, username="eve")).html.count("<tr>") == SHOWN + 1


@pytest.fixture
def logged(settings: Any, transactional_db: Any) -> Iterator[logging.Logger]:
    """A logger whose errors are counted and become events in the database."""
    settings.WT_STOP = False
    logger = logging.getLogger("tests.shop")
    handler = EventLogHandler(level="ERROR")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True
    road.close()


def test_the_latest_messages_are_for_those_who_may_read_them(logged: logging.Logger) -> None:
    for number in range(4):
        logged.error("the till fell down %d", number)
    put("somebody bought a book")
    assert road.flush(10)
    widget = Errors()
    widget.needs = lambda: None  # type: ignore[method-assign] # of stats there are none here
    assert widget.update_widget_data() is True
    stranger, root = tile(widget).html, tile(widget, User(is_superuser=True, username="root")).html
    assert "fell down" not in stranger
    assert root.index("fell down 3") < root.index("fell down 2") < root.index("fell down 1")
    assert "fell down 0" not in root
    assert "book" not in root


@pytest.fixture
def collected(redis_server: Redis, settings: Any) -> Iterator[Any]:
    """Records in Redis, on their way to a storage in memory; gives the address."""
    redis_server.ask("FLUSHALL")
    options = {"addr": f"127.0.0.1:{redis_server.port}"}
    settings.WT_REDIS = options
    settings.WT_DATABASES = kept.databases("one")
    address = read(options)
    transport = StreamsTransport(address)
    transport.send(samples.mixed(30))
    yield address
    transport.close()
    redis_server.ask("FLUSHALL")


@pytest.mark.service
@pytest.mark.django_db
def test_what_waits_for_a_collector_is_shown_until_it_has_come(collected: Any) -> None:
    widget = CollectorLag()
    assert widget.needs() is None
    assert widget.update_widget_data() is True
    body = tile(widget)
    assert body.state == "warn"  # nobody collects
    assert ">30<" in body.html
    Collector(collected, make_storages(), once=True).run(lambda *_: None, every=0.05)
    assert widget.update_widget_data() is True
    body = tile(widget)
    assert body.state == "ok"
    assert ">0<" in body.html
    assert widget.update_widget_data() is False


@pytest.mark.service
@pytest.mark.django_db
def test_redis_that_is_away_is_said_without_its_address(settings: Any, tmp_path: Path) -> None:
    with Redis(tmp_path) as gone:
        settings.WT_REDIS = {"addr": f"127.0.0.1:{gone.port}"}
    widget = CollectorLag()
    assert widget.update_widget_data() is True
    body = tile(widget)
    assert body.state == "fail"
    assert "Redis does not answer" in body.html
    assert str(gone.port) not in body.html
