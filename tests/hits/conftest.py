"""What the tests of hits share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_metrics_statsd.hits.road import road
from tests.hits import kept
from tests.services.conftest import postgresql, redis_server

__all__ = ["postgresql", "redis_server"]


@pytest.fixture(autouse=True)
def empty_shelves() -> Iterator[None]:
    """Each test begins without records kept in memory, and with nothing counted as dropped."""
    road.counts.dropped.clear()
    yield from kept.clear()
    road.counts.dropped.clear()


@pytest.fixture
def carried() -> Iterator[None]:
    """For tests that put something on the road by themselves: its thread ends with the test."""
    yield
    road.close()
