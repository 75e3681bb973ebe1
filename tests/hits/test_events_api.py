"""`record_event` from everywhere, with everything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection, transaction
from django.http import HttpRequest
from django.test import AsyncRequestFactory, RequestFactory
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils.functional import SimpleLazyObject
from rest_framework.request import Request

from django_metrics_statsd.hits.events import record_event
from django_metrics_statsd.hits.ids import microseconds
from django_metrics_statsd.hits.records import NAME, NOTES, PATH, EventRecord, Record, pack, unpack
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.testing import Kept, capture_records
from tests.core.hostile import NAMES, TAGS, VALUES, Unwilling
from tests.hits.shop.models import Book, Note, Review

HOSTILE: dict[str, dict[str, Any]] = {"names": NAMES, "values": VALUES, "tags": TAGS}


@pytest.fixture
def records() -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


def the_event(records: Kept) -> Any:
    """The only record, as it arrives at the other end."""
    (record,) = records.settle()
    return unpack(pack(record))


class NamelessUser:
    def get_username(self) -> str:
        raise RuntimeError("no")


def unopened() -> Any:
    raise AssertionError("the user was loaded")


def test_an_event_with_a_name_alone(records: Kept) -> None:
    record_event("Stock counted")
    event = the_event(records)
    assert isinstance(event, EventRecord)
    assert event == EventRecord(event.id, event.time, "default", "Stock counted")
    assert event.id.version == 7
    assert microseconds(event.id) == round(event.time.timestamp() * 1_000_000)


def test_everything_that_can_be_said(records: Kept, settings: Any) -> None:
    settings.SITE_SLUG = "shop"
    record_event(
        "Order paid",
        "Order",
        {"total": 12.5},
        "ann",
        obj_pk=7,
        model=Book,
        url="/orders/7/",
        admin_url="/admin/orders/7/",
        notes="by card",
        bucket="money",
        scope="staff",
        groups=["till", Group(name="office")],
    )
    event = the_event(records)
    assert event == EventRecord(
        event.id,
        event.time,
        "shop",
        "Order paid",
        event_class="Order",
        user="ann",
        scope="staff",
        groups=("till", "office"),
        bucket="money",
        notes="by card",
        data={"total": 12.5},
        url="/orders/7/",
        admin_url="/admin/orders/7/",
        model="shop.Book",
        obj_pk="7",
    )


def test_nothing_is_recorded_while_the_site_has_stopped_that(records: Kept) -> None:
    with override_settings(WT_STOP=True):
        record_event("Stock counted")
    assert records.settle() == []


def test_nothing_is_recorded_in_tests_that_do_not_ask_for_it() -> None:
    record_event("Stock counted")
    assert road.waiting == 0


def test_an_instance_tells_what_it_is(records: Kept) -> None:
    user = User(pk=5, username="ann")
    record_event("Book read", instance=Book(pk=3, title="Tea", user=user))
    event = the_event(records)
    assert (event.model, event.obj_pk, event.user) == ("shop.Book", "3", "ann")
    assert (event.url, event.admin_url) == ("/books/3/", "")


def test_the_admins_page_is_found_where_there_is_one(records: Kept) -> None:
    record_event("Group made", instance=Group(pk=4, name="a"))
    event = the_event(records)
    assert (event.url, event.admin_url) == ("", "/admin/auth/group/4/change/")


def test_keys_are_written_into_the_admins_url_as_the_admin_writes_them(records: Kept) -> None:
    record_event("Group made", instance=Group(pk="a/b"))
    assert the_event(records).admin_url == "/admin/auth/group/a_2Fb/change/"


def test_a_model_may_have_a_url_for_its_events_and_an_editor(records: Kept) -> None:
    record_event("Note written", instance=Note(pk=1, editor=User(pk=5, username="bob")))
    event = the_event(records)
    assert (event.url, event.user) == ("/notes/special/", "bob")


def test_what_is_written_goes_before_what_is_guessed(records: Kept, rf: RequestFactory) -> None:
    book = Book(pk=3, title="Tea", user=User(pk=5, username="ann"))
    request = rf.get("/")
    request.user = User(username="carol")
    record_event("Read", instance=book, user="bob", url="", admin_url="/there/", request=request)
    record_event("Read", instance=book, request=request)
    first, second = records.settle()
    assert isinstance(first, EventRecord)
    assert isinstance(second, EventRecord)
    assert (first.user, first.url, first.admin_url) == ("bob", "", "/there/")
    assert (second.user, second.url) == ("carol", "/books/3/")


def test_what_is_no_model_is_called_by_its_class(records: Kept) -> None:
    record_event("Odd", instance=object())
    event = the_event(records)
    assert (event.model, event.obj_pk, event.url, event.admin_url) == ("object", "", "", "")


@pytest.mark.parametrize("model", [Book, "shop.Book", Book()])
def test_a_model_without_an_instance(model: Any, records: Kept) -> None:
    record_event("Books counted", model=model, obj_pk="x")
    event = the_event(records)
    assert (event.model, event.obj_pk) == ("shop.Book", "x")


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (None, ""),
        ("ann", "ann"),
        ("", ""),
        (User(username="ann"), "ann"),
        (AnonymousUser(), ""),
        (NamelessUser(), ""),
        (7, "7"),
        (Unwilling(), "<Unwilling>"),
    ],
)
def test_who_did_it(user: Any, name: str, records: Kept) -> None:
    record_event("Stock counted", user=user)
    assert the_event(records).user == name


def test_a_lazy_user_that_nobody_looked_at_stays_unloaded(records: Kept) -> None:
    record_event("Stock counted", user=SimpleLazyObject(unopened))
    assert the_event(records).user == ""


def test_a_lazy_user_that_was_looked_at_is_known(records: Kept) -> None:
    user = SimpleLazyObject(lambda: User(username="ann"))
    assert user.username == "ann"
    record_event("Stock counted", user=user)
    assert the_event(records).user == "ann"


def test_a_lazy_instance_is_what_is_in_it_if_that_is_loaded(records: Kept) -> None:
    book = SimpleLazyObject(lambda: Book(pk=3, title="Tea"))
    record_event("1", instance=book)
    assert book.pk == 3
    record_event("2", instance=book)
    first, second = records.settle()
    assert isinstance(first, EventRecord)
    assert isinstance(second, EventRecord)
    assert (first.model, second.model, second.obj_pk) == ("", "shop.Book", "3")


def test_a_request_of_django_rest_framework_is_known(records: Kept, rf: RequestFactory) -> None:
    request = Request(rf.get("/api/"))
    request.user = User(username="ann")
    record_event("1", request=request)
    event = the_event(records)
    assert (event.path, event.user) == ("/api/", "ann")


def test_a_user_from_auser_is_known_where_the_request_is_given(records: Kept, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(unopened)  # type: ignore[assignment]
    request._acached_user = User(username="ann")  # type: ignore[attr-defined]
    record_event("Stock counted", user=request.user, request=request)
    assert the_event(records).user == "ann"


@pytest.mark.django_db
def test_no_query_is_made_whatever_an_event_is_about(records: Kept, rf: RequestFactory) -> None:
    user = User.objects.create(username="ann")
    review = Review.objects.create(book=Book.objects.create(title="Tea", user=user))
    found = Review.objects.get(pk=review.pk)
    bare = User.objects.only("pk").get(pk=user.pk)
    request = rf.get("/")
    request.user = SimpleLazyObject(lambda: User.objects.get(pk=user.pk))  # type: ignore[assignment]
    with CaptureQueriesContext(connection) as queries:
        record_event("1", instance=found, request=request)
        record_event("2", user=request.user)
        record_event("3", user=bare)
        record_event("4", data={"books": Book.objects.all(), "review": found})
        record_event("5", groups=Group.objects.all())
        record_event("6", model=found, obj_pk=found.pk)
        record_event(found, found, notes=found, bucket=found)
    assert not queries.captured_queries
    events: list[Any] = list(records.settle())
    assert [event.user for event in events] == [""] * 7
    assert [event.url for event in events] == [""] * 7
    assert events[3].data == {"books": "<QuerySet>", "review": "<Review>"}
    assert found.book.title == "Tea"
    assert str(found) == "on Tea"


@pytest.mark.django_db
def test_what_is_loaded_already_is_told(records: Kept) -> None:
    user = User.objects.create(username="ann")
    book = Book.objects.create(title="Tea", user=user)
    review = Review.objects.select_related("book__user").get(pk=Review.objects.create(book=book).pk)
    groups = Group.objects.all()
    Group.objects.create(name="office")
    assert len(groups) == 1
    record_event("Read", instance=review, groups=groups)
    event = the_event(records)
    assert (event.user, event.url, event.groups) == ("ann", f"/books/{book.pk}/reviews/", ("office",))


def test_texts_are_cut_to_their_limits(records: Kept) -> None:
    long = "ä" * 20_000
    record_event(
        long, long, {}, long, notes=long, bucket=long, url=long, admin_url=long, model=long, obj_pk=long
    )
    event = the_event(records)
    assert {len(getattr(event, each)) for each in ("name", "event_class", "user", "bucket")} == {NAME}
    assert {len(getattr(event, each)) for each in ("model", "obj_pk")} == {NAME}
    assert {len(event.url), len(event.admin_url)} == {PATH}
    assert len(event.notes) == NOTES


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize(
    "field", ["name", "event_class", "user", "notes", "bucket", "url", "model", "obj_pk", "scope"]
)
def test_anything_may_be_given_for_a_text(field: str, what: str, records: Kept) -> None:
    arguments: dict[str, Any] = {"name": "n", field: NAMES[what]}
    record_event(**arguments)
    event = the_event(records)
    if field != "scope":
        assert isinstance(getattr(event, field), str)
        assert "\0" not in getattr(event, field)


@pytest.mark.parametrize(("kind", "what"), [(kind, what) for kind in HOSTILE for what in HOSTILE[kind]])
@pytest.mark.parametrize("field", ["data", "groups", "instance", "request"])
def test_anything_may_be_given_for_the_rest(field: str, kind: str, what: str, records: Kept) -> None:
    arguments: dict[str, Any] = {field: HOSTILE[kind][what]}
    record_event("n", **arguments)
    assert the_event(records).name == "n"


def test_a_failure_of_ours_does_not_leave(monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]) -> None:
    with capture_records() as records:
        monkeypatch.setattr(road, "new_id", None)
        record_event("Stock counted")
        assert records.settle() == []
    assert faults == {"hits.events": 1}


@pytest.mark.parametrize("scope", ["everybody", None, 3, "", Unwilling()])
def test_a_wrong_scope_means_superusers_and_is_said_once(
    scope: Any, records: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    record_event("a", scope=scope)
    record_event("b", scope=scope)
    assert {event.scope for event in records.settle() if isinstance(event, EventRecord)} == {"superuser"}
    (said,) = caplog.messages
    assert "superuser, staff, users, public" in said


@pytest.mark.parametrize("scope", ["superuser", "staff", "users", "public"])
def test_scopes(scope: str, records: Kept) -> None:
    record_event("a", scope=scope)
    assert the_event(records).scope == scope


def test_a_groups_name_has_one_line(records: Kept) -> None:
    record_event("a", groups=["x\nadmins\n", Group(name="b\r\nc"), "", None])
    assert the_event(records).groups == ("x admins", "b c")


def test_a_single_group_and_too_many(records: Kept) -> None:
    record_event("a", groups="office")
    record_event("b", groups=(str(number) for number in range(1_000)))
    first, second = records.settle()
    assert isinstance(first, EventRecord)
    assert isinstance(second, EventRecord)
    assert first.groups == ("office",)
    assert len(second.groups) == 64


def test_of_a_request_there_is_method_path_and_address(records: Kept, rf: RequestFactory) -> None:
    request = rf.post(
        "/pay/?card=4111",
        {"password": "secret"},
        headers={"cookie": "sessionid=secret", "authorization": "secret", "x-forwarded-for": "198.51.100.1"},
        REMOTE_ADDR="203.0.113.9",
    )
    record_event("Paid", request=request)
    event = the_event(records)
    assert (event.method, event.path, event.ip) == ("POST", "/pay/", "203.0.113.9")
    assert b"secret" not in pack(event)
    assert b"4111" not in pack(event)


def test_a_trusted_proxy_is_believed_and_addresses_are_cut(
    records: Kept, rf: RequestFactory, settings: Any
) -> None:
    settings.WT_TRUSTED_PROXIES = ["10.0.0.0/8"]
    settings.WT_ANONYMIZE_IP = "truncate"
    record_event(
        "Paid", request=rf.get("/", headers={"x-forwarded-for": "203.0.113.9"}, REMOTE_ADDR="10.1.2.3")
    )
    assert the_event(records).ip == "203.0.113.0"


@pytest.mark.parametrize("signals", ["anonymous", "leave_out"])
def test_who_asks_for_privacy_has_no_address_and_no_guessed_name(
    signals: str, records: Kept, rf: RequestFactory, settings: Any
) -> None:
    settings.WT_PRIVACY_SIGNALS = signals
    request = rf.get("/pay/", headers={"dnt": "1"})
    request.user = User(username="ann")
    record_event("Paid", request=request)
    record_event("Paid", request=request, user="ann")
    first, second = records.settle()
    assert isinstance(first, EventRecord)
    assert isinstance(second, EventRecord)
    assert (first.user, first.ip, first.path) == ("", "", "/pay/")
    assert (second.user, second.ip) == ("ann", "")


def test_what_is_omitted_from_hits_is_omitted_here(records: Kept, rf: RequestFactory, settings: Any) -> None:
    settings.WT_OMIT = ["user", "ip", "path"]
    request = rf.get("/pay/")
    request.user = User(username="ann")
    record_event("Paid", request=request)
    event = the_event(records)
    assert (event.user, event.ip, event.path, event.method) == ("", "", "", "GET")


def test_in_an_event_loop(records: Kept) -> None:
    async def view(request: HttpRequest) -> None:
        record_event("Paid", request=request, instance=Book(pk=1, title="Tea"))

    async def main() -> None:
        requests = [AsyncRequestFactory().get(f"/{number}/") for number in range(20)]
        await asyncio.gather(*(view(request) for request in requests))

    asyncio.run(main())
    paths = sorted(event.path for event in records.settle() if isinstance(event, EventRecord))
    assert paths == sorted(f"/{number}/" for number in range(20))


@pytest.mark.django_db(transaction=True)
def test_in_an_event_loop_no_query_is_tried(records: Kept) -> None:
    review = Review.objects.create(book=Book.objects.create(title="Tea"))
    found = Review.objects.get(pk=review.pk)

    async def view() -> None:
        record_event("Read", instance=found, user=SimpleLazyObject(lambda: User.objects.get()))

    asyncio.run(view())
    event = the_event(records)
    assert (event.url, event.user, event.obj_pk) == ("", "", str(found.pk))


def test_from_many_threads(records: Kept) -> None:
    def work(number: int) -> None:
        for each in range(100):
            record_event(f"{number}-{each}", instance=Book(pk=1))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found: list[Record] = records.settle()
    assert len({event.id for event in found}) == 800
    assert len({event.name for event in found if isinstance(event, EventRecord)}) == 800


@pytest.mark.django_db
def test_in_a_transaction_that_is_broken(records: Kept) -> None:
    review = Review.objects.create(book=Book.objects.create(title="Tea"))
    found = Review.objects.get(pk=review.pk)
    with transaction.atomic():
        transaction.set_rollback(True)
        record_event("Went wrong", instance=found)
    assert the_event(records).name == "Went wrong"
