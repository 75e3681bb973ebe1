"""The ready-made widgets, on stats that really went through the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.kinds import READY_MADE
from django_metrics_statsd.dashboard.rendering import render_body
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.backends import CacheHits, QueriesPerRequest
from django_metrics_statsd.dashboard.widgets.errors import Errors
from django_metrics_statsd.dashboard.widgets.health import Health
from django_metrics_statsd.dashboard.widgets.records import CollectorLag, LatestEvents, VisitorsNow
from django_metrics_statsd.dashboard.widgets.traffic import (
    RequestsPerMinute,
    ResponseTimes,
    SlowestViews,
    StatusClasses,
)
from django_metrics_statsd.dashboard.widgets.vitals import WebVitals
from django_metrics_statsd.loggers.errors import StatsdHandler
from django_metrics_statsd.patches.cache import patch as cache_patch
from django_metrics_statsd.patches.db import patch as db_patch

STORED = [
    RequestsPerMinute, ResponseTimes, StatusClasses, SlowestViews, CacheHits, QueriesPerRequest, Errors,
    WebVitals,
]  # fmt: skip
VITALS = "window.performance.vitals"


@pytest.fixture
def sources(settings: Any, transactional_db: Any) -> Iterator[None]:
    """All that the widgets live from, switched on."""
    settings.STATSD_CLIENT = needing.CLIENT
    settings.ROOT_URLCONF = "tests.everything_urls"
    handler = StatsdHandler()
    logging.getLogger("tests").addHandler(handler)
    cache_patch.install()
    db_patch.install()
    yield
    db_patch.uninstall()
    cache_patch.uninstall()
    logging.getLogger("tests").removeHandler(handler)
    statsd.close()


@pytest.fixture(params=[None, "datadog"])
def stored(request: Any, settings: Any, sources: None) -> None:
    """What a busy minute leaves in the site's database, with tags and without."""
    settings.STATSD_TAGS = request.param
    tags = {} if request.param is None else {"method": "GET", "host": "a"}
    settings.MONITORING_STATS_WINDOW = 1
    for number in range(60):
        statsd.incr("response.200", tags=tags)
        statsd.timing("view.shop.views.books.GET", number, tags=tags)
        statsd.timing("view.shop.views.GET", number, tags=tags)
        statsd.timing("view.GET", number, tags=tags)
        statsd.timing("db.psql.default.execute.select", 1, tags=tags)
        statsd.timing("db.psql.default.executemany.insert", 1, tags=tags)
        statsd.timing("db.psql.default.commit", 1, tags=tags)
        statsd.timing(f"{VITALS}.LCP", 2_000 + number * 50, tags=tags)
        statsd.timing(f"{VITALS}.CLS", 40, tags=tags)
    for _ in range(30):
        statsd.incr("response.404", tags=tags)
        statsd.incr("cache.locmem.hit", 3, tags=tags)
        statsd.incr("cache.locmem.miss", tags=tags)
        statsd.timing("view.shop.views.till.GET", 900, tags=tags)
        statsd.incr(f"{VITALS}.LCP.good", tags=tags)
        statsd.incr(f"{VITALS}.LCP.poor", 3, tags=tags)
        statsd.incr("error.keyerror", tags=tags)
    statsd.incr("error.valueerror", 7, tags=tags)
    statsd.incr("response.500", 10, tags=tags)
    statsd.incr("response.cancelled", tags=tags)
    assert statsd.flush(10)


def soon() -> datetime:
    """When the minute that the stats fell into has just ended."""
    return datetime.now(UTC).replace(second=1, microsecond=0) + timedelta(minutes=1)


def shown(widget: Any) -> str:
    return str(render_body(widget, RequestFactory().get("/")).html)


def test_all_of_them_are_on_a_new_dashboard_and_in_the_setting() -> None:
    found = list(dashboard_widget_pool.get_widgets())
    assert tuple(name for name in found if name in READY_MADE) == READY_MADE
    assert len(READY_MADE) == 12
    assert tuple(conf.DASHBOARD_WIDGETS) == READY_MADE


@pytest.mark.django_db
@pytest.mark.parametrize("kind", STORED)
def test_without_the_store_a_tile_says_how_to_switch_it_on(kind: Any) -> None:
    body = shown(kind())
    assert "STATSD_CLIENT" in body
    assert needing.CLIENT in body


@pytest.mark.parametrize("kind", STORED)
def test_a_store_without_stats_is_no_fault(sources: None, kind: Any) -> None:
    widget = kind()
    assert widget.needs() is None
    widget.update_widget_data()
    assert shown(widget)
    assert widget.update_widget_data() is False  # nothing has changed, so no page is told


@pytest.mark.usefixtures("stored")
def test_they_show_what_was_counted_and_timed() -> None:
    now = soon()
    requests = RequestsPerMinute().look(now)
    assert sum(value or 0 for value in requests["values"]) == 100
    times = ResponseTimes().look(now)
    assert times["p50"] == pytest.approx(30, abs=2)
    assert times["p95"] == pytest.approx(57, abs=2)
    statuses = StatusClasses().look(now)
    assert statuses["rows"] == [["2xx", 60, 60.0], ["3xx", 0, 0.0], ["4xx", 30, 30.0], ["5xx", 10, 10.0]]
    assert statuses["state"] == "fail"
    slow = SlowestViews().look(now)
    assert [row[0] for row in slow["rows"]] == ["shop.views.till.GET", "shop.views.books.GET"]
    assert slow["rows"][0][1] == pytest.approx(900, rel=0.02)
    assert CacheHits().look(now)["number"] == 75.0
    assert QueriesPerRequest().look(now)["number"] == 1.2  # 120 statements, 100 responses, no commits
    assert Errors().look(now)["kinds"] == [["keyerror", 30], ["valueerror", 7]]
    assert sum(value or 0 for value in Errors().look(now)["values"]) == 37


@pytest.mark.usefixtures("stored")
def test_vitals_have_the_percentile_that_is_rated_and_the_share_of_good_visits() -> None:
    widget = WebVitals()
    widget.save_setting("data", widget.look(soon()))
    data = widget.get_context_data()
    (lcp, cls) = data["rows"]
    assert (lcp[0], lcp[2], lcp[3], lcp[5]) == ("LCP", "ms", "fail", 25)
    assert lcp[1] == pytest.approx(4_225, rel=0.02)
    assert cls[:4] == ["CLS", 0.04, "", "ok"]
    assert cls[5] is None
    assert data["visits"] == 60


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("kind", STORED)
def test_a_tile_is_drawn_of_what_was_saved(kind: Any) -> None:
    widget = kind()
    widget.save_setting("data", widget.look(soon()))
    body = shown(widget)
    assert "Nothing" not in body
    assert "No browser" not in body
    assert " style=" not in body


@pytest.mark.django_db
def test_health_shows_names_and_states(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ["caches", "tests.health.samples.broken"]
    widget = Health()
    assert widget.update_widget_data() is True
    assert widget.update_widget_data() is False
    body = shown(widget)
    for part in ("caches.default", 'class="state fail"', "broken"):
        assert part in body
    assert "fell down" not in body
    assert widget.get_context_data()["state"] == "fail"


@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize(
    ("kind", "setting", "value", "said"),
    [
        (RequestsPerMinute, "MIDDLEWARE", [], needing.COUNTING),
        (StatusClasses, "MIDDLEWARE", [needing.TIMING], needing.COUNTING),
        (ResponseTimes, "MIDDLEWARE", [needing.COUNTING], needing.TIMING),
        (SlowestViews, "MIDDLEWARE", [], needing.TIMING),
        (QueriesPerRequest, "MIDDLEWARE", [], needing.COUNTING),
        (VisitorsNow, "MIDDLEWARE", [], "hits.middleware.HitsMiddleware"),
        (WebVitals, "ROOT_URLCONF", "tests.dashboard.urls", "statsd_beacon"),
        (VisitorsNow, "WT_DATABASES", {"a": {"type": "influxdb"}}, "WT_DATABASES"),
        (LatestEvents, "WT_DATABASES", {"a": {"type": "influxdb"}}, "WT_DATABASES"),
        (CollectorLag, "WT_REDIS", None, "WT_REDIS"),
        (Health, "INSTALLED_APPS", ["django.contrib.auth", "django.contrib.contenttypes"], needing.HEALTH),
        (
            LatestEvents,
            "INSTALLED_APPS",
            ["django.contrib.auth", "django.contrib.contenttypes"],
            needing.HITS,
        ),
        (VisitorsNow, "INSTALLED_APPS", ["django.contrib.auth", "django.contrib.contenttypes"], needing.HITS),
        (
            CollectorLag,
            "INSTALLED_APPS",
            ["django.contrib.auth", "django.contrib.contenttypes"],
            needing.HITS,
        ),
        (
            Errors,
            "INSTALLED_APPS",
            ["django.contrib.auth", "django.contrib.contenttypes"],
            needing.MONITORING,
        ),
    ],
)
def test_what_is_missing_is_named(settings: Any, kind: Any, setting: str, value: Any, said: str) -> None:
    setattr(settings, setting, value)
    need = kind().needs()
    assert need is not None
    assert said in str(need.how)
    assert str(need.what)


@pytest.mark.usefixtures("sources")
def test_missing_patches_and_handlers_are_named() -> None:
    db_patch.uninstall()
    cache_patch.uninstall()
    logger = logging.getLogger("tests")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    said = [str(kind().needs().how) for kind in (QueriesPerRequest, CacheHits, Errors)]  # type: ignore[union-attr]
    for how, what in zip(said, ["patches.db", "patches.cache", "StatsdHandler"], strict=True):
        assert what in how


class Counting:
    """Stands for a middleware of another package: a function or a class that is none of ours."""


@pytest.mark.usefixtures("sources")
def test_a_middleware_made_of_ours_is_one(settings: Any) -> None:
    settings.MIDDLEWARE = [f"{__name__}.Counting", "tests.dashboard_widgets.middleware.Ours"]
    assert RequestsPerMinute().needs() is None
    settings.MIDDLEWARE = [f"{__name__}.Counting", "tests.dashboard_widgets.middleware.nothing"]
    assert RequestsPerMinute().needs() is not None


@pytest.mark.usefixtures("sources")
def test_the_view_for_browsers_may_stand_under_a_name_of_the_sites_own(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.dashboard_widgets.urls"
    assert WebVitals().needs() is None
