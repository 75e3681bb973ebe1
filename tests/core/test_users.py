from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject

from django_metrics_statsd.users import is_authenticated, is_staff, loaded_user


def fail() -> Any:
    raise AssertionError("the user was loaded")


@pytest.mark.parametrize(
    ("user", "authenticated", "staff"),
    [
        (None, False, False),
        (AnonymousUser(), False, False),
        (User(), True, False),
        (User(is_staff=True), True, True),
        (User(is_staff=True, is_active=False), True, False),
    ],
)
def test_what_is_known_of_a_user(user: Any, authenticated: bool, staff: bool, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = user
    assert (is_authenticated(request), is_staff(request)) == (authenticated, staff)


def test_a_lazy_user_that_nobody_looked_at_stays_unloaded(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(fail)  # type: ignore[assignment]
    assert not is_authenticated(request)
    assert not is_staff(request)


def test_a_request_without_a_user(rf: RequestFactory) -> None:
    assert loaded_user(rf.get("/")) is None


def test_a_lazy_user_that_was_looked_at(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(lambda: User(username="ann"))  # type: ignore[assignment]
    assert loaded_user(request) is None
    assert request.user.username == "ann"
    assert is_authenticated(request)


def test_a_user_that_async_code_has_loaded(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(fail)  # type: ignore[assignment]
    request._acached_user = User(username="ann")  # type: ignore[attr-defined]
    assert is_authenticated(request)
