"""What the tests of the dashboard share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from django_metrics_statsd.dashboard.widget_pool import DashboardWidgetPool, dashboard_widget_pool
from tests.dashboard.sites import Site, serving
from tests.services.stores import Redis


@pytest.fixture
def pool() -> Iterator[DashboardWidgetPool]:
    """The pool without widgets, and as it was afterwards."""
    before = dict(dashboard_widget_pool.get_widgets())
    dashboard_widget_pool._widgets = {}
    yield dashboard_widget_pool
    dashboard_widget_pool._widgets = before


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, to be stopped and started."""
    with Redis(tmp_path / "redis") as running:
        yield running


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Start the site behind servers; each has a database of its own."""
    with ExitStack() as stack:

        def start(kind: str, **settings: object) -> Site:
            folder = tmp_path / f"site{len(list(tmp_path.iterdir()))}"
            return stack.enter_context(serving(kind, folder, **settings))

        yield start
