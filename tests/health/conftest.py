"""Each test begins with no result shared and no state seen, and has the health app's addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.health import history, recent, runner


@pytest.fixture(autouse=True)
def nothing_shared(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.health.urls"
    for each in (runner.shared, recent._shared, history.history):
        each.reset()
    yield
    for each in (runner.shared, recent._shared, history.history):
        each.reset()
