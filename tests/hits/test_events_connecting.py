"""What is connected at start, by the settings, and what is wrong with these."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_delete, post_save
from django.test import override_settings

from django_metrics_statsd.beacon import listeners
from django_metrics_statsd.hits.events import connecting, mqueue_tracker
from django_metrics_statsd.hits.testing import capture_records
from tests.hits.shop.models import Book


def traces() -> tuple[Any, ...]:
    signals = (post_save, post_delete, user_logged_in)
    connected = [len(signal.receivers) for signal in signals]
    return connected, dict(mqueue_tracker.registered), listeners._listeners


@pytest.fixture(autouse=True)
def all_is_undone() -> Iterator[None]:
    before = traces()
    yield
    connecting.disconnect()
    assert traces() == before


@pytest.mark.parametrize("path", ["django.contrib.auth.models.User", "auth.User", "auth.user"])
@pytest.mark.django_db(transaction=True)
def test_a_model_may_be_written_in_two_ways(path: str) -> None:
    with override_settings(MQUEUE_AUTOREGISTER=((path, ["c", "d", "u"]),)), capture_records() as records:
        connecting.connect()
        user = User.objects.create(username="ann")
        user.save()
        user.delete()
        found: list[Any] = list(records.settle())
    assert [event.event_class for event in found] == ["User created", "User edited", "User deleted"]


def test_connecting_twice_is_as_once_and_can_be_undone() -> None:
    wanted = [("shop.Book", ["c"]), ("tests.hits.shop.models.Book", ["d"]), ("shop.Note", ["u"])]
    with override_settings(MQUEUE_AUTOREGISTER=wanted, MQUEUE_WATCH=["login"], WT_BROWSER=True):
        connecting.connect()
        once = traces()
        connecting.connect()
        assert traces() == once
    assert mqueue_tracker.registered[Book] == {"c", "d"}
    connecting.disconnect()
    assert mqueue_tracker.registered == {}
    connecting.disconnect()


def test_what_the_site_registers_itself_stays() -> None:
    mqueue_tracker.register(Book, ["c", "u"])
    with override_settings(MQUEUE_AUTOREGISTER=[("shop.Book", ["c", "d"])]):
        connecting.connect()
        connecting.connect()
        assert mqueue_tracker.registered[Book] == {"c", "u", "d"}
        connecting.disconnect()
    assert mqueue_tracker.registered == {Book: {"c", "u"}}
    mqueue_tracker.unregister(Book)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("shop.Unknown", "cannot be found: App 'shop' doesn't have a 'Unknown' model"),
        ("nowhere.Book", "cannot be found: No installed app with label 'nowhere'"),
        ("nowhere.models.Book", "cannot be found: No module named 'nowhere'"),
        ("tests.hits.shop.models.Unknown", "cannot be found: Module"),
        ("tests.hits.shop.hooks.unimportable.Book", "cannot be found: no"),
        ("django.contrib.auth.models.AbstractUser", "is abstract"),
        ("django.contrib.auth.authenticate", "is no model"),
    ],
)
def test_a_model_that_cannot_be_had_is_named_and_stops_nobody(
    path: str, why: str, faults: dict[str, int]
) -> None:
    with override_settings(MQUEUE_AUTOREGISTER=[(path, ["c"]), ("shop.Book", ["c"])]):
        connecting.connect()
        ((message, hint),) = connecting.problems()
    assert mqueue_tracker.registered == {Book: {"c"}}
    assert message.startswith(f"MQUEUE_AUTOREGISTER has {path!r}, which {why}")
    assert hint == "Write a model of an installed app, as 'shop.models.Book' or 'shop.Book'."
    assert faults == {f"MQUEUE_AUTOREGISTER {path}": 1}


def test_a_model_that_another_one_replaces_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(Book._meta), "swapped", "shop.Note")
    with override_settings(MQUEUE_AUTOREGISTER=[("shop.Book", ["c"])]):
        ((message, _),) = connecting.problems()
    assert message == "MQUEUE_AUTOREGISTER has 'shop.Book', which is replaced by 'shop.Note'."


PROGRAM = """
import logging
from django.conf import settings

settings.configure(
    SECRET_KEY="x",
    WT_STOP=False,
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django_metrics_statsd.hits"],
    MQUEUE_AUTOREGISTER=[("auth.User", ["c"])],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "events": {"class": "django_metrics_statsd.hits.events.EventLogHandler", "level": "ERROR"},
        },
        "root": {"handlers": ["events"]},
    },
)
import django
from django.utils.log import configure_logging

from django_metrics_statsd.hits.records import EventRecord
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.transports.base import Transport
from django_metrics_statsd.safety import faults


class Keeping(Transport):
    def send(self, records):
        for record in records:
            print(record.event_class, record.name)


road.replace(Keeping())
configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
logging.getLogger("site").error("before the apps are ready")
django.setup()
logging.getLogger("site").error("after")
from django_metrics_statsd.hits.events import mqueue_tracker

print(sorted(model.__name__ for model in mqueue_tracker.registered))
assert road.flush(10)
print(faults)
"""


def test_at_start_models_are_registered_and_the_log_is_heard_before_apps_are_ready() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert sorted(done.stdout.splitlines()) == sorted(
        ["['User']", "Log ERROR before the apps are ready", "Log ERROR after", "{}"]
    )
