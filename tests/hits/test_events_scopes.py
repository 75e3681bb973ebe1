"""Who may see which events: scopes and groups."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.utils import timezone

from django_metrics_statsd.hits.ids import Ids
from django_metrics_statsd.hits.models import Event
from tests.hits.shop.models import Book

pytestmark = pytest.mark.django_db
ids = Ids()


def put(name: str, scope: str = "superuser", *groups: str, **fields: Any) -> None:
    lines = "".join(f"\n{group}" for group in groups) + "\n" if groups else ""
    Event.objects.create(
        id=ids(0), time=timezone.now(), site="shop", name=name, scope=scope, groups_text=lines, **fields
    )


def seen_by(user: Any) -> set[str]:
    return set(Event.objects.visible_to(user).values_list("name", flat=True))


@pytest.fixture
def scopes() -> None:
    for scope in ("superuser", "staff", "users", "public"):
        put(scope, scope)


@pytest.mark.parametrize(
    ("user", "seen"),
    [
        (None, {"public"}),
        (AnonymousUser(), {"public"}),
        ({}, {"public", "users"}),
        ({"is_staff": True}, {"public", "users", "staff"}),
        ({"is_staff": True, "is_superuser": True}, {"public", "users", "staff", "superuser"}),
        ({"is_superuser": True}, {"public", "users", "staff", "superuser"}),
    ],
)
def test_scopes(user: Any, seen: set[str], scopes: None) -> None:
    who = User.objects.create(username="ann", **user) if isinstance(user, dict) else user
    assert seen_by(who) == seen


def test_groups_see_what_names_them_and_no_more() -> None:
    put("office", "superuser", "office")
    put("both", "superuser", "till", "office")
    put("back", "superuser", "back office")
    put("percent", "superuser", "o%e")
    put("none")
    ann = User.objects.create(username="ann")
    assert seen_by(ann) == set()
    ann.groups.add(Group.objects.create(name="office"))
    assert seen_by(ann) == {"office", "both"}
    bob = User.objects.create(username="bob")
    bob.groups.add(Group.objects.create(name="o%e"), Group.objects.create(name="till"))
    assert seen_by(bob) == {"percent", "both"}


def test_events_of_an_object_and_of_a_model() -> None:
    put("first", model="shop.Book", obj_pk="1")
    put("second", model="shop.Book", obj_pk="2")
    put("other", model="shop.Note", obj_pk="1")
    assert [event.name for event in Event.objects.of_object(Book(pk=1))] == ["first"]
    assert {event.name for event in Event.objects.of_model(Book)} == {"first", "second"}


def test_the_groups_of_an_event_are_a_list() -> None:
    put("a", "superuser", "till", "office")
    put("b")
    assert [event.groups for event in Event.objects.order_by("name")] == [["till", "office"], []]


def test_groups_are_told_apart_by_the_case_of_letters() -> None:
    user = User.objects.create_user("ann")
    user.groups.add(Group.objects.create(name="admins"))
    for name in ("Admins", "admins"):
        put(name, "superuser", name)
    assert seen_by(user) == {"admins"}
