"""The ready-made widgets, on stats that really went through the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.dashboard.rendering import render_body
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.dashboard.widgets import base
from django_metrics_statsd.dashboard.widgets.health import Health
from django_metrics_statsd.dashboard.widgets.traffic import (
    CacheHits,
    RequestsPerMinute,
    ResponseTimes,
    SlowestViews,
    StatusClasses,
)

NAMES = ["RequestsPerMinute", "ResponseTimes", "StatusClasses", "Health", "SlowestViews", "CacheHits"]
STORED = [RequestsPerMinute, ResponseTimes, StatusClasses, SlowestViews, CacheHits]
#: A little later: the whole minute that the stats fell into is over then.
LATER = timedelta(minutes=1, seconds=5)


@pytest.fixture(params=[None, "datadog"])
def stored(request: Any, settings: Any, transactional_db: Any) -> Iterator[None]:
    """What a busy minute leaves in the site's database, with tags and without."""
    settings.STATSD_CLIENT = base.CLIENT
    settings.STATSD_TAGS = request.param
    tags = {} if request.param is None else {"method": "GET", "host": "a"}
    settings.MONITORING_STATS_WINDOW = 1
    for number in range(60):
        statsd.incr("response.200", tags=tags)
        statsd.timing("view.shop.views.books.GET", number, tags=tags)
        statsd.timing("view.shop.views.GET", number, tags=tags)
        statsd.timing("view.GET", number, tags=tags)
    for _ in range(30):
        statsd.incr("response.404", tags=tags)
        statsd.incr("cache.locmem.hit", 3, tags=tags)
        statsd.incr("cache.locmem.miss", tags=tags)
        statsd.timing("view.shop.views.till.GET", 900, tags=tags)
    statsd.incr("response.500", 10, tags=tags)
    statsd.incr("response.cancelled", tags=tags)
    assert statsd.flush(10)
    yield
    statsd.close()


def shown(widget: Any) -> str:
    return str(render_body(widget, RequestFactory().get("/")).html)


def test_all_of_them_are_on_a_new_dashboard() -> None:
    found = list(dashboard_widget_pool.get_widgets())
    assert [name for name in found if name in NAMES] == NAMES


@pytest.mark.django_db
@pytest.mark.parametrize("kind", STORED)
def test_without_the_store_a_tile_says_how_to_switch_it_on(kind: Any) -> None:
    body = shown(kind())
    assert "STATSD_CLIENT" in body
    assert base.CLIENT in body


@pytest.mark.parametrize("kind", STORED)
def test_a_store_without_stats_is_no_fault(settings: Any, transactional_db: Any, kind: Any) -> None:
    settings.STATSD_CLIENT = base.CLIENT
    widget = kind()
    widget.update_widget_data()
    assert shown(widget)
    assert widget.update_widget_data() is False  # nothing has changed, so no page is told
    statsd.close()


@pytest.mark.usefixtures("stored")
def test_they_show_what_was_counted_and_timed() -> None:
    now = datetime.now(UTC) + LATER
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
    hits = CacheHits().look(now)
    assert hits["number"] == 75.0


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("kind", STORED)
def test_a_tile_is_drawn_of_what_was_saved(kind: Any) -> None:
    widget = kind()
    widget.save_setting("data", widget.look(datetime.now(UTC) + LATER))
    body = shown(widget)
    assert "Nothing" not in body
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
