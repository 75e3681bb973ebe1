"""Registered models: what their changes become, and what a rolled-back one does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction
from django.db.models.signals import post_delete, post_save
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext

from django_metrics_statsd.hits.events import mqueue_tracker, tracker
from django_metrics_statsd.hits.events.tracker import Tracker
from django_metrics_statsd.hits.records import NAME, EventRecord, pack, unpack
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.testing import Kept, capture_records
from tests.core.hostile import Unwilling
from tests.hits.shop.models import Book, Note, Order, Rare, Review, Ticket

#: Commits are real, so that what hangs on them happens.
committed = pytest.mark.django_db(transaction=True)


@pytest.fixture
def records() -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


@pytest.fixture
def registered() -> Iterator[None]:
    """Every model of the shop, with all letters."""
    models = (Book, Note, Order, Review, Ticket)
    for model in models:
        mqueue_tracker.register(model, ["c", "u", "d"])
    yield
    for model in models:
        mqueue_tracker.unregister(model)
    assert mqueue_tracker.registered == {}


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[str]]:
    """Sets what the order's ``event`` method does; gives the list of what it was asked."""

    def answer(function: Any) -> list[str]:
        monkeypatch.setattr(Order, "answer", function)
        monkeypatch.setattr(Order, "asked", [])
        return Order.asked

    return answer


def events(records: Kept) -> list[Any]:
    """The records, as they arrive at the other end."""
    return [unpack(pack(record)) for record in records.settle()]


def told(records: Kept) -> list[tuple[str, str]]:
    return [(event.event_class, event.name) for event in events(records)]


@committed
def test_created_edited_and_deleted(records: Kept, registered: None) -> None:
    user = User.objects.create(username="ann")
    book = Book.objects.create(title="Tea", user=user)
    key = book.pk
    book.title = "Coffee"
    book.save()
    book.delete()
    created, edited, deleted = events(records)
    assert told(records) == [
        ("Book created", "Tea (ann)"),
        ("Book edited", "Coffee (ann)"),
        ("Book deleted", "Coffee (ann)"),
    ]
    assert {event.obj_pk for event in (created, edited, deleted)} == {str(key)}
    assert {event.model for event in (created, edited, deleted)} == {"shop.Book"}
    assert {event.user for event in (created, edited, deleted)} == {"ann"}
    assert {event.scope for event in (created, edited, deleted)} == {"superuser"}
    assert (created.url, edited.url, deleted.url) == (f"/books/{key}/", f"/books/{key}/", "")


@committed
def test_an_admins_page_is_told_while_there_is_one(records: Kept) -> None:
    mqueue_tracker.register(User)
    try:
        user = User.objects.create(username="ann")
        key = user.pk
        user.delete()
    finally:
        mqueue_tracker.unregister(User)
    created, deleted = events(records)
    assert (created.admin_url, deleted.admin_url) == (f"/admin/auth/user/{key}/change/", "")


@committed
def test_without_letters_creating_and_deleting_are_events(records: Kept) -> None:
    mqueue_tracker.register(Book)
    try:
        book = Book.objects.create(title="Tea")
        book.save()
        book.delete()
    finally:
        mqueue_tracker.unregister(Book)
    assert told(records) == [("Book created", "Tea"), ("Book deleted", "Tea")]


@committed
def test_only_the_letters_count_and_more_may_come_and_go(records: Kept) -> None:
    mqueue_tracker.register(Book, ["u"])
    book = Book.objects.create(title="Tea")
    book.save()
    mqueue_tracker.register(Book, "d")
    mqueue_tracker.register(Book, ["d"])
    mqueue_tracker.unregister(Book, ["u"])
    book.save()
    book.delete()
    mqueue_tracker.unregister(Book)
    mqueue_tracker.unregister(Book)
    tracker._deleted(Book, book)  # as when it is unregistered while the signal is being sent
    Book.objects.create(title="Tea").delete()
    assert told(records) == [("Book edited", "Tea"), ("Book deleted", "Tea")]


def test_registering_twice_connects_once() -> None:
    before = len(post_save.receivers), len(post_delete.receivers)
    for _ in range(3):
        mqueue_tracker.register(Book, ["c", "u", "d"])
    assert (len(post_save.receivers), len(post_delete.receivers)) == (before[0] + 1, before[1] + 1)
    mqueue_tracker.unregister(Book)
    assert (len(post_save.receivers), len(post_delete.receivers)) == before


@pytest.mark.parametrize("letters", [["x"], "cx", [1]])
def test_other_letters_are_refused(letters: Any) -> None:
    with pytest.raises(ValueError, match="write a list of 'c', 'u' and 'd'"):
        Tracker().register(Book, letters)


@pytest.mark.parametrize("model", ["shop.Book", Book(), int, None])
def test_what_is_no_model_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="no model class"):
        Tracker().register(model)


@committed
def test_nothing_is_recorded_while_the_site_has_stopped_that(records: Kept, registered: None) -> None:
    with override_settings(WT_STOP=True):
        Book.objects.create(title="Tea")
    assert events(records) == []


@committed
def test_a_rolled_back_change_is_no_event(records: Kept, registered: None) -> None:
    with transaction.atomic():
        Book.objects.create(title="never")
        transaction.set_rollback(True)
    assert events(records) == []


@committed
def test_only_the_inner_transaction_is_rolled_back(records: Kept, registered: None) -> None:
    with transaction.atomic():
        Book.objects.create(title="kept")
        with transaction.atomic():
            Book.objects.create(title="never")
            transaction.set_rollback(True)
        assert road.waiting == 0
    assert told(records) == [("Book created", "kept")]


@committed
def test_what_was_deleted_in_a_transaction_keeps_its_key(records: Kept, registered: None) -> None:
    with transaction.atomic():
        book = Book.objects.create(title="Tea")
        key = book.pk
        book.delete()
        assert book.pk is None
    assert [(event.event_class, event.obj_pk) for event in events(records)] == [
        ("Book created", str(key)),
        ("Book deleted", str(key)),
    ]


@pytest.mark.django_db
def test_in_a_test_case_events_come_with_its_commits(records: Kept, registered: None) -> None:
    Book.objects.create(title="not committed")
    assert records.settle() == []
    with TestCase.captureOnCommitCallbacks(execute=True) as callbacks:
        Book.objects.create(title="as if committed")
    assert len(callbacks) == 1
    assert told(records) == [("Book created", "as if committed")]


@committed
def test_a_failing_callback_of_the_sites_does_not_take_the_event_along(
    records: Kept, registered: None
) -> None:
    def fail() -> None:
        raise RuntimeError("the site's own")

    with transaction.atomic():
        transaction.on_commit(fail, robust=True)
        Book.objects.create(title="Tea")
    assert told(records) == [("Book created", "Tea")]


@committed
def test_a_transaction_holds_no_more_events_than_the_buffer(records: Kept, registered: None) -> None:
    before = road.counts.dropped.get("transaction_full", 0)
    with override_settings(WT_BUFFER=100):
        with transaction.atomic():
            for number in range(130):
                Book.objects.create(title=str(number))
        assert [event.name for event in events(records)] == [str(number) for number in range(100)]
    assert road.counts.dropped["transaction_full"] == before + 30


@committed
def test_signals_that_somebody_else_sends(records: Kept, registered: None) -> None:
    post_save.send(sender=Book, instance=Book(pk=1, title="Tea"))
    post_delete.send(sender=Book, instance=Book(pk=1, title="Tea"))
    assert told(records) == [("Book edited", "Tea"), ("Book deleted", "Tea")]


@pytest.fixture
def second() -> Iterator[str]:
    """A second database, empty."""
    connections.databases["second"] = {**connections.databases["default"], "NAME": ":memory:"}
    connections["second"].connect()
    with connections["second"].schema_editor() as editor:
        editor.create_model(User)
        editor.create_model(Book)
    yield "second"
    connections["second"].connection.close()  # Django's own close() leaves a database in memory open
    connections["second"].connection = None
    del connections["second"], connections.databases["second"]


@committed
def test_events_wait_for_the_commit_of_their_own_database(
    records: Kept, registered: None, second: str
) -> None:
    with transaction.atomic():
        Book.objects.using(second).create(title="second")
        assert told(records) == [("Book created", "second")]
    with transaction.atomic(using=second):
        Book.objects.create(title="first")
        Book.objects.using(second).create(title="third")
        assert len(told(records)) == 2
    assert [name for _, name in told(records)] == ["second", "first", "third"]


@committed
def test_without_autocommit_events_do_not_wait(records: Kept, registered: None) -> None:
    transaction.set_autocommit(False)
    try:
        Book.objects.create(title="Tea")
        assert told(records) == [("Book created", "Tea")]
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


@committed
def test_fixtures_bulk_changes_and_proxies_are_no_events(records: Kept, registered: None) -> None:
    data = '[{"model": "shop.book", "pk": 5, "fields": {"title": "a", "user": null}}]'
    for each in serializers.deserialize("json", data):
        each.save()
    Book.objects.bulk_create([Book(title="b"), Book(title="c")])
    Book.objects.update(title="d")
    Rare.objects.create(title="e")
    assert Book.objects.count() == 4
    assert events(records) == []


@committed
def test_deleting_many_is_an_event_for_each(records: Kept, registered: None) -> None:
    Book.objects.bulk_create([Book(title="b"), Book(title="c")])
    Book.objects.all().delete()
    assert sorted(told(records)) == [("Book deleted", "b"), ("Book deleted", "c")]


@committed
def test_no_event_costs_a_query(records: Kept) -> None:
    book = Book.objects.create(title="Tea", user=User.objects.create(username="ann"))
    review = Review.objects.create(book=book)

    def change() -> list[str]:
        found = Review.objects.get(pk=review.pk)
        with CaptureQueriesContext(connection) as queries:
            found.save()
        return [query["sql"] for query in queries.captured_queries]

    without = change()
    mqueue_tracker.register(Review, ["u"])
    try:
        assert change() == without
    finally:
        mqueue_tracker.unregister(Review)
    (event,) = events(records)
    assert (event.name, event.user, event.url) == ("a review", "", "")


@committed
def test_what_is_loaded_already_is_told(records: Kept, registered: None) -> None:
    book = Book.objects.create(title="Tea", user=User.objects.create(username="ann"))
    Review.objects.create(book=book)
    (_, event) = events(records)
    assert (event.name, event.user, event.url) == ("on Tea (ann)", "ann", f"/books/{book.pk}/reviews/")


@committed
def test_names_are_short_and_tell_the_time_where_there_is_one(records: Kept, registered: None) -> None:
    long = Book.objects.create(title="x" * 300)
    note = Note.objects.create(editor=User.objects.create(username="u" * 150))
    ticket = Ticket.objects.create(event=long)
    names = [event.name for event in events(records)]
    assert names[0] == "x" * 45 + "..."
    assert names[1] == f"Note - {note.created} ({'u' * 150})"
    assert names[2] == f"Ticket object ({ticket.pk})"
    assert all(len(name) <= NAME for name in names)


@committed
@pytest.mark.parametrize("title", [None, Unwilling()])
def test_an_instance_that_cannot_say_its_name(
    title: Any, records: Kept, registered: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Book, "__str__", lambda book: title)
    book = Book.objects.create(title="Tea")
    key, book.title = book.pk, ""
    book.delete()
    assert [event.name for event in events(records)] == ["Tea", f"Book {key}"]


@committed
def test_a_relation_called_event_is_no_method(records: Kept, registered: None) -> None:
    book = Book.objects.create(title="Tea")
    ticket = Ticket.objects.create(event=book)
    with CaptureQueriesContext(connection) as queries:
        Ticket.objects.get(pk=ticket.pk).save()
    assert len([query for query in queries.captured_queries if "shop_book" in query["sql"]]) == 0
    assert told(records)[-1][0] == "Ticket edited"


@committed
def test_a_model_may_change_its_event(records: Kept, registered: None, answer: Any) -> None:
    def change(order: Order, evt: Any, op: str) -> Any:
        evt.bucket, evt.notes, evt.data = "orders", f"{op} {evt.event_class}", {"total": order.total}
        evt.scope, evt.groups, evt.user = "users", ["till"], User(username="ann")
        evt.name = f"Order of {Order.objects.count()}"  # the site's code, which may ask
        return evt

    asked = answer(change)
    order = Order.objects.create(total=5)
    order.save()
    order.delete()
    assert asked == ["create", "update", "delete"]
    created, edited, deleted = events(records)
    assert [event.notes for event in (created, edited, deleted)] == [
        "create Order created",
        "update Order edited",
        "delete Order deleted",
    ]
    assert (created.bucket, created.data, created.scope) == ("orders", {"total": 5}, "users")
    assert (created.groups, created.user) == (("till",), "ann")
    assert (created.name, deleted.name) == ("Order of 1", "Order of 0")


@committed
def test_a_model_may_leave_an_event_out(records: Kept, registered: None, answer: Any) -> None:
    answer(lambda order, evt, op: evt if op == "delete" else None)
    Order.objects.create().delete()
    assert [event.event_class for event in events(records)] == ["Order deleted"]


@committed
def test_a_model_that_fails_keeps_its_event(
    records: Kept, registered: None, answer: Any, faults: dict[str, int]
) -> None:
    def fail(order: Order, evt: Any, op: str) -> Any:
        evt.bucket = "orders"
        raise ImproperlyConfigured

    answer(fail)
    Order.objects.create()
    (event,) = events(records)
    assert (event.event_class, event.bucket) == ("Order created", "orders")
    assert faults == {"hits.events.Order.event": 1}


@committed
@pytest.mark.parametrize("odd", ["text", True, {}, Unwilling()])
def test_a_model_that_answers_something_else_keeps_its_event(
    odd: Any, records: Kept, registered: None, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer(lambda order, evt, op: odd)
    Order.objects.create()
    Order.objects.create()
    assert [event.event_class for event in events(records)] == ["Order created"] * 2
    (said,) = caplog.messages
    assert said.startswith(f"shop.Order.event() returned a {type(odd).__name__}")


@committed
def test_what_a_model_writes_into_its_event_is_made_to_fit(
    records: Kept, registered: None, answer: Any
) -> None:
    def spoil(order: Order, evt: Any, op: str) -> Any:
        for field in EventRecord.__struct_fields__:
            setattr(evt, field, Unwilling())
        return evt

    answer(spoil)
    Order.objects.create()
    (event,) = events(records)
    assert event.id.version == 7
    assert (event.site, event.name, event.groups) == ("default", "<Unwilling>", ())
    assert (event.scope, event.data) == ("superuser", {"value": "<Unwilling>"})


@committed
def test_a_failure_of_ours_does_not_stop_the_save(
    registered: None, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    with capture_records() as records:
        monkeypatch.setattr(road, "new_id", None)
        book = Book.objects.create(title="Tea")
        book.delete()
        assert records.settle() == []
    assert faults == {"hits.events": 2}


@committed
def test_in_an_event_loop(records: Kept, registered: None) -> None:
    async def main() -> None:
        book = await Book.objects.acreate(title="Tea")
        book.title = "Coffee"
        await book.asave()
        await book.adelete()

    asyncio.run(main())
    assert [name for name, _ in told(records)] == ["Book created", "Book edited", "Book deleted"]
