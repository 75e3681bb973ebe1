"""Logins, logouts and failed logins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext

from django_metrics_statsd.hits.events import connecting
from django_metrics_statsd.hits.records import NAME, pack, unpack
from django_metrics_statsd.hits.testing import Kept, capture_records
from tests.core.hostile import Unwilling

pytestmark = pytest.mark.django_db
SECRET = "hunter2-zqxj"


@pytest.fixture
def watched() -> Iterator[None]:
    with override_settings(MQUEUE_WATCH=["login", "logout", "login_failed"]):
        connecting.connect()
        yield
        connecting.disconnect()


@pytest.fixture
def records(watched: None) -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


@pytest.fixture
def user() -> Any:
    return User.objects.create_user("ann", password=SECRET)


def events(records: Kept) -> list[Any]:
    return [unpack(pack(record)) for record in records.settle()]


def test_logging_in_and_out(records: Kept, user: Any, client: Client) -> None:
    assert client.post("/admin/login/?next=/x", {"username": "ann", "password": SECRET}).status_code == 200
    user.is_staff = True
    user.save()
    records.settle().clear()
    client.post("/admin/login/?next=/x", {"username": "ann", "password": SECRET}, REMOTE_ADDR="203.0.113.9")
    client.post("/admin/logout/")
    came, went = events(records)
    assert (came.event_class, went.event_class) == ("User login", "User logout")
    for event in (came, went):
        assert (event.name, event.user, event.scope) == ("ann (ann)", "ann", "superuser")
        assert (event.model, event.obj_pk) == ("auth.User", str(user.pk))
        assert event.admin_url == f"/admin/auth/user/{user.pk}/change/"
    assert (came.method, came.path, came.ip) == ("POST", "/admin/login/", "203.0.113.9")
    assert went.path == "/admin/logout/"


def test_a_failed_login_says_who_it_was_said_to_be_and_no_more(
    records: Kept, user: Any, client: Client
) -> None:
    client.post("/admin/login/", {"username": "ann", "password": SECRET + "x"}, REMOTE_ADDR="203.0.113.9")
    (event,) = events(records)
    assert (event.name, event.event_class, event.scope) == ("Login failed", "Warning", "superuser")
    assert (event.data, event.user, event.notes) == ({"username": "ann"}, "", "")
    assert (event.path, event.ip) == ("/admin/login/", "203.0.113.9")
    assert SECRET.encode() not in pack(event)


def test_a_failed_login_without_a_request(records: Kept) -> None:
    assert authenticate(username="x" * 1_000, password=SECRET) is None
    (event,) = events(records)
    assert event.data == {"username": "x" * NAME}
    assert event.path == ""


@pytest.mark.parametrize(
    ("credentials", "name"),
    [
        ({"username": "ann", "password": SECRET, "otp": SECRET}, "ann"),
        ({"email": "ann@example.com", "password": SECRET}, "ann@example.com"),
        ({"token": SECRET}, ""),
        ({"username": Unwilling()}, "<Unwilling>"),
        (SECRET, ""),
        (None, ""),
    ],
)
def test_only_the_username_of_credentials_is_told(
    credentials: Any, name: str, records: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_user_model(), "USERNAME_FIELD", "email")
    user_login_failed.send(sender=__name__, credentials=credentials, request=None)
    (event,) = events(records)
    assert event.data == {"username": name}
    assert SECRET.encode() not in pack(event)


def test_nobody_logs_out(records: Kept, rf: RequestFactory) -> None:
    user_logged_out.send(sender=None, request=rf.get("/"), user=None)
    assert events(records) == []


def test_watching_costs_no_query(records: Kept, user: Any, rf: RequestFactory) -> None:
    with CaptureQueriesContext(connection) as queries:
        user_logged_out.send(sender=User, request=rf.get("/"), user=User(pk=user.pk, username="ann"))
        user_login_failed.send(sender=__name__, credentials={"username": "ann"}, request=rf.get("/"))
    assert not queries.captured_queries
    assert len(events(records)) == 2


def test_an_odd_user_stops_no_login(records: Kept, rf: RequestFactory, faults: dict[str, int]) -> None:
    user_logged_out.send(sender=None, request=rf.get("/"), user=Unwilling())
    assert len(events(records)) == 1
    assert faults == {}


def test_a_failure_of_ours_stops_no_login(records: Kept, faults: dict[str, int]) -> None:
    with override_settings(AUTH_USER_MODEL="nowhere.User"):
        user_login_failed.send(sender=__name__, credentials={}, request=None)
    assert events(records) == []
    assert faults == {"hits.watchers": 1}


def test_only_what_is_asked_for_is_watched(client: Client, user: Any) -> None:
    with override_settings(MQUEUE_WATCH=["login"]), capture_records() as records:
        connecting.connect()
        connecting.connect()
        client.force_login(user)
        client.logout()
        connecting.disconnect()
        client.force_login(user)
        assert [event.event_class for event in events(records)] == ["User login"]


def test_nothing_is_watched_unless_asked_for() -> None:
    signals = (user_logged_in, user_logged_out, user_login_failed)
    before = [len(signal.receivers) for signal in signals]
    connecting.connect()
    assert [len(signal.receivers) for signal in signals] == before
