"""The log as events: what is told, what is not, and that it cannot feed itself or flood the road."""

from __future__ import annotations

import asyncio
import logging
import logging.config
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from django_metrics_statsd.hits.events import EventLogHandler, log, record_event
from django_metrics_statsd.hits.records import NAME, NOTES, pack, unpack
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.testing import Kept, capture_records
from tests.core.hostile import Unwilling

SECRET = "hunter2-zqxj"


@pytest.fixture(autouse=True)
def a_new_second() -> None:
    log.pace.reset()


@pytest.fixture
def records() -> Iterator[Kept]:
    with capture_records() as kept:
        yield kept


@pytest.fixture
def handler() -> Iterator[EventLogHandler]:
    """Our handler at Django's logger."""
    handler, logger = EventLogHandler(), logging.getLogger("django")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def alone(name: str) -> logging.Logger:
    """Return a logger that has no parent: pytest's handler, at the root, raises what fails."""
    return logging.Logger(name, level=1)  # noqa: LOG001


@pytest.fixture
def site() -> logging.Logger:
    """A logger that only our handler hears."""
    logger = alone("site.shop")
    logger.addHandler(EventLogHandler(per_second=10_000))
    return logger


def events(records: Kept) -> list[Any]:
    return [unpack(pack(record)) for record in records.settle()]


def the_event(records: Kept) -> Any:
    (event,) = events(records)
    return event


def test_a_record_is_an_event(site: logging.Logger, records: Kept) -> None:
    site.warning("stock of %s is low", "tea")
    event = the_event(records)
    assert (event.name, event.notes) == ("stock of tea is low", "stock of tea is low")
    assert (event.event_class, event.bucket, event.scope) == ("Log WARNING", "site.shop", "superuser")
    assert set(event.data) == {"module", "line"}
    assert event.data["module"] == "test_events_log"
    assert (event.user, event.path, event.ip) == ("", "", "")


def test_of_a_long_message_the_name_is_the_beginning(site: logging.Logger, records: Kept) -> None:
    site.error("x" * 1_000_000)
    event = the_event(records)
    assert (len(event.name), len(event.notes)) == (120, NOTES)


def test_levels_of_the_sites_own(site: logging.Logger, records: Kept) -> None:
    site.log(25, "told")
    assert the_event(records).event_class == "Log Level 25"


def fail(depth: int, password: str) -> None:
    if depth:
        fail(depth - 1, password)
    raise ValueError("it failed" * 10)


def test_of_an_exception_there_is_no_local_variable(site: logging.Logger, records: Kept) -> None:
    try:
        fail(0, SECRET)
    except ValueError:
        site.exception("no tea")
    event = the_event(records)
    assert event.name == "no tea"
    assert event.notes.startswith("no tea\n\nTraceback (most recent call last):\n")
    assert event.notes.rstrip().endswith("ValueError: " + "it failed" * 10)
    assert "in fail" in event.notes
    assert SECRET.encode() not in pack(event)


def test_of_a_long_traceback_the_end_is_kept(site: logging.Logger, records: Kept) -> None:
    try:
        fail(900, SECRET)
    except ValueError:
        site.exception("m" * 20_000)
    event = the_event(records)
    assert len(event.notes) <= NOTES
    assert event.notes.rstrip().endswith("ValueError: " + "it failed" * 10)
    assert event.notes.startswith("m" * (NOTES // 4) + "\n\n")


@pytest.mark.parametrize("exc_info", [None, False, (None, None, None)])
def test_records_without_an_exception(exc_info: Any, site: logging.Logger, records: Kept) -> None:
    site.error("no tea", exc_info=exc_info)
    assert the_event(records).notes == "no tea"


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("a %s", ()), ("a %s", (1, 2)), ("a %s", (Unwilling(),)), (Unwilling(), ()), (None, ()), (3, ())],
)
def test_messages_that_cannot_be_written(
    message: Any, arguments: Any, site: logging.Logger, records: Kept
) -> None:
    site.error(message, *arguments, exc_info=UnspeakableError())
    event = the_event(records)
    assert "UnspeakableError" in event.notes
    assert event.event_class == "Log ERROR"


class UntraceableError(Exception):
    @property
    def __cause__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no")


def test_an_exception_that_cannot_be_traced(site: logging.Logger, records: Kept) -> None:
    site.error("no tea", exc_info=UntraceableError())
    assert the_event(records).notes == "no tea\n\n<UntraceableError>"


def test_of_a_request_there_is_method_path_user_and_address(
    site: logging.Logger, records: Kept, rf: RequestFactory
) -> None:
    request = rf.post(
        f"/pay/?token={SECRET}",
        {"password": SECRET},
        headers={"cookie": SECRET, "authorization": SECRET},
        REMOTE_ADDR="203.0.113.9",
    )
    request.user = User(username="ann")
    site.error("no tea", extra={"request": request, "status_code": 500})
    event = the_event(records)
    assert (event.method, event.path, event.url) == ("POST", "/pay/", "/pay/")
    assert (event.user, event.ip, event.data["status_code"]) == ("ann", "203.0.113.9", 500)
    assert SECRET.encode() not in pack(event)


@pytest.mark.parametrize("request_", [None, object(), Unwilling(), "GET /", threading.Lock()])
def test_what_is_no_request(request_: Any, site: logging.Logger, records: Kept) -> None:
    """The development server's log has a socket there."""
    site.error("no tea", extra={"request": request_, "status_code": "x"})
    event = the_event(records)
    assert (event.method, event.path, event.user) == ("", "", "")


@pytest.mark.django_db
def test_a_record_costs_no_query(site: logging.Logger, records: Kept, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(lambda: User.objects.get())  # type: ignore[assignment]
    with CaptureQueriesContext(connection) as queries:
        site.error("no %s", User.objects.all(), extra={"request": request})
    assert not queries.captured_queries
    assert the_event(records).user == ""


def test_what_django_logs(handler: EventLogHandler, records: Kept, client: Client) -> None:
    client.raise_request_exception = False
    client.get("/nowhere?q=1")
    client.get("/raises/ValueError")
    with override_settings(ALLOWED_HOSTS=["shop.example"]):
        client.get("/busy", headers={"host": "evil.example"})
    found = events(records)
    assert found[0].event_class == "Log WARNING"
    assert (found[0].name, found[0].path, found[0].bucket) == (
        "Not Found: /nowhere",
        "/nowhere",
        "django.request",
    )
    assert any(event.event_class == "Log ERROR" and event.path == "/raises/ValueError" for event in found)


def test_disallowed_hosts_have_a_class_of_their_own(
    handler: EventLogHandler, records: Kept, rf: RequestFactory
) -> None:
    logging.getLogger("django.security.DisallowedHost").error("Invalid HTTP_HOST header: 'evil.example'.")
    event = the_event(records)
    assert (event.event_class, event.bucket) == ("Log DisallowedHost", "django.security.DisallowedHost")


def test_our_own_records_are_left_out(records: Kept) -> None:
    handler, root = EventLogHandler(), logging.getLogger()
    root.addHandler(handler)
    try:
        logging.getLogger("django_metrics_statsd").error("ours")
        logging.getLogger("django_metrics_statsd.hits").error("ours")
        logging.getLogger("django_metrics_statsd_of_another").error("theirs")
    finally:
        root.removeHandler(handler)
    assert the_event(records).name == "theirs"


class Talkative:
    """Logs whenever it is written."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    def __str__(self) -> str:
        self.logger.error("again: %s", self)
        return "talk"


def test_what_is_logged_while_an_event_is_made_is_left_out(site: logging.Logger, records: Kept) -> None:
    site.error("first: %s", Talkative(site))
    site.error("second")
    assert [event.name for event in events(records)] == ["first: talk", "second"]


def test_what_is_logged_in_our_threads_is_left_out(site: logging.Logger, records: Kept) -> None:
    def make() -> None:
        site.error("from the road")

    road.put(make)
    assert records.settle() == []
    threading.Thread(target=make, name="django_metrics_statsd.hits.timeseries").start()
    record_event("told")
    assert the_event(records).name == "told"


def test_what_is_logged_where_events_are_written_can_be_left_out(site: logging.Logger, records: Kept) -> None:
    with log.left_out():
        site.error("not this")
    site.error("this")
    assert the_event(records).name == "this"


def test_a_record_that_comes_by_twice_is_one_event(site: logging.Logger, records: Kept) -> None:
    site.addHandler(EventLogHandler())
    site.error("no tea")
    assert the_event(records).name == "no tea"


def test_a_flood_is_bounded_and_counted(records: Kept) -> None:
    logger, handler = alone("flood"), EventLogHandler(per_second=5)
    logger.addHandler(handler)
    before = road.counts.dropped.get("log_flood", 0)
    for number in range(1_000):
        logger.error("%d", number)
    kept, dropped = len(records.settle()), road.counts.dropped["log_flood"] - before
    assert kept + dropped == 1_000
    assert 5 <= kept <= 10  # a second may have begun meanwhile


def test_of_a_flood_each_second_has_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    pace, clock = log._Pace(), [100.0]
    monkeypatch.setattr(log, "monotonic", lambda: clock[0])
    assert [pace.allows(2) for _ in range(4)] == [True, True, False, False]
    clock[0] += 1
    assert [pace.allows(2) for _ in range(3)] == [True, True, False]


def test_threads_log_at_once(site: logging.Logger, records: Kept) -> None:
    def work() -> None:
        for each in range(50):
            site.error("%d", each)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(events(records)) == 400


def test_tasks_of_an_event_loop_log_at_once(site: logging.Logger, records: Kept) -> None:
    async def work(number: int) -> None:
        site.error("%d", number)
        await asyncio.sleep(0)
        site.error("%d", number)

    async def main() -> None:
        await asyncio.gather(*(work(number) for number in range(20)))

    asyncio.run(main())
    assert len(events(records)) == 40


def test_nothing_is_recorded_while_the_site_has_stopped_that(site: logging.Logger, records: Kept) -> None:
    with override_settings(WT_STOP=True):
        site.error("no tea")
    assert events(records) == []


def test_a_failure_of_ours_does_not_leave(
    site: logging.Logger, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    with capture_records() as records:
        monkeypatch.setattr(road, "new_id", None)
        site.error("no tea")
        assert records.settle() == []
    assert faults == {"hits.log": 1}


def test_long_names_of_loggers_and_levels_are_cut(records: Kept) -> None:
    logger = alone("l" * 1_000)
    logger.addHandler(EventLogHandler())
    logging.addLevelName(77, "L" * 1_000)
    try:
        logger.log(77, "told")
    finally:
        del logging._levelToName[77], logging._nameToLevel["L" * 1_000]
    event = the_event(records)
    assert (len(event.bucket), len(event.event_class)) == (NAME, NAME)


def test_a_recursion_error_is_told(site: logging.Logger, records: Kept) -> None:
    def dive() -> None:
        dive()

    try:
        dive()
    except RecursionError:
        site.exception("too deep")
    event = the_event(records)
    assert event.notes.startswith("too deep\n\nTraceback")
    assert "RecursionError" in event.notes


def test_a_group_of_exceptions_with_causes_is_told(site: logging.Logger, records: Kept) -> None:
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ExceptionGroup("many", [ValueError(str(n)) for n in range(100)]) from error
    except ExceptionGroup:
        site.error("no tea", exc_info=sys.exc_info())
    assert len(the_event(records).notes) <= NOTES


def test_it_is_configured_by_logging(records: Kept) -> None:
    wanted = {
        "version": 1,
        "incremental": False,
        "disable_existing_loggers": False,
        "handlers": {
            "events": {
                "class": "django_metrics_statsd.hits.events.EventLogHandler",
                "level": "ERROR",
                "per_second": 100,
            }
        },
        "loggers": {"site.configured": {"handlers": ["events"], "propagate": False}},
    }
    logging.config.dictConfig(wanted)
    logger = logging.getLogger("site.configured")
    try:
        logger.warning("not this")
        logger.error("this")
        (handler,) = logger.handlers
        assert isinstance(handler, EventLogHandler)
        assert handler.per_second == 100
    finally:
        logger.handlers.clear()
    assert the_event(records).name == "this"


@pytest.mark.parametrize("per_second", [0, -1, "5", None, 1.5])
def test_a_wrong_pace_is_refused(per_second: Any) -> None:
    with pytest.raises(ValueError, match="write a whole number from 1 up"):
        EventLogHandler(per_second=per_second)
