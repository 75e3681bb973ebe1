"""What the tests of monitoring share: tables of the monitors, monitors, users, and servers to write to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from django_metrics_statsd.monitoring.rollups import writing
from django_metrics_statsd.monitoring.rollups.road import road
from tests.monitoring import watched

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Besides what is migrated, the tables of the monitors."""
    with django_db_blocker.unblock():
        watched.make_tables("default")


@pytest.fixture(autouse=True)
def fresh_road() -> Iterator[None]:
    """Each test begins with nothing waiting, dropped or known."""
    road.close()
    road.counts.dropped.clear()
    writing._series.clear()
    yield
    road.close()
    road.counts.dropped.clear()


@pytest.fixture
def monitors() -> Iterator[None]:
    """A monitor of each kind is registered."""
    watched.unregister_all()
    watched.register_all()
    yield
    watched.unregister_all()


@pytest.fixture
def staff(db: None) -> Any:
    from django.contrib.auth.models import User

    return User.objects.create_user("staff", password="x", is_staff=True)


@pytest.fixture
def staff_client(staff: Any) -> Client:
    client = Client()
    client.force_login(staff)
    return client
