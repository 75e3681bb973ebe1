"""Every setting: name, kind, default, one sentence. The only reader of ``django.conf.settings``.

``conf.STATSD_PORT`` reads the setting anew each time, so ``override_settings`` works at once. What is
compiled from settings and kept elsewhere is dropped on Django's ``setting_changed`` signal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from django.conf import settings

from django_metrics_statsd import kinds
from django_metrics_statsd.beacon import fields
from django_metrics_statsd.kinds import Kind
from django_metrics_statsd.kinds_toolbar import TOOLBAR
from django_metrics_statsd.safety import say_once

T = TypeVar("T")

DEFAULT_CLIENT = "django_metrics_statsd.clients.buffered"
NULL_CLIENT = "django_metrics_statsd.clients.null"


class Setting(Generic[T]):
    """One setting. Reading it gives a clean value; a wrong one is said once and the default is used."""

    name: str

    def __init__(self, kind: Kind[T], default: Any, text: str) -> None:
        self.kind, self.default, self.text = kind, default, text

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> T:
        try:
            return self.kind.clean(self.raw())
        except ValueError as error:
            say_once(self.name, "setting %s %s; using %r", self.name, error, self.default)
            return self.kind.clean(self.default)

    def raw(self) -> Any:
        """Return the value as the settings have it, or the default."""
        return getattr(settings, self.name, self.default)

    def problem(self) -> str | None:
        """Return what is wrong with the value in the settings, or None."""
        try:
            self.kind.clean(self.raw())
        except ValueError as error:
            return f"{self.name} is {self.raw()!r}, but it {error}."
        return None


class ClientSetting(Setting[list[str]]):
    """``STATSD_CLIENT``, which falls back to the null client while Django's test environment is set up.

    A test run with the production settings must not mix its numbers into production's.
    """

    def raw(self) -> Any:
        return getattr(settings, self.name, NULL_CLIENT if _under_test() else self.default)


def _under_test() -> bool:
    # The test environment's own state is the only sign Django gives. Who has not imported it is not in it,
    # and a site in production should not have to import Django's test framework for us.
    utils = sys.modules.get("django.test.utils")
    return utils is not None and hasattr(utils._TestState, "saved_data")


class Conf:
    """The settings; ``conf`` below is the one instance."""

    STATSD_CLIENT = ClientSetting(
        kinds.CLIENTS,
        DEFAULT_CLIENT,
        "The client that stats go to: a module with ``StatsClient``, a class, or a list of these, which all "
        "get every stat. Unset, tests get the null client.",
    )
    STATSD_HOST = Setting(kinds.TEXT, "localhost", "The StatsD server's name or address.")
    STATSD_PORT = Setting(kinds.whole(0, 65535), 8125, "The StatsD server's port.")
    STATSD_URL = Setting(
        kinds.URL,
        None,
        "Host, port and protocol in one: ``udp://``, ``udp6://``, ``tcp://``, ``tcp6://``, ``unix://`` "
        "(datagrams) or ``unixstream://``. Goes before ``STATSD_HOST`` and ``STATSD_PORT``.",
    )
    STATSD_PREFIX = Setting(kinds.TEXT, "", "Put, with a dot, before every name.")
    STATSD_PATCHES = Setting(
        kinds.DOTTED_LIST,
        [],
        "Patches to install at start, such as ``django_metrics_statsd.patches.db`` and "
        "``django_metrics_statsd.patches.cache``.",
    )
    STATSD_VIEW_TIMER_DETAILS = Setting(
        kinds.BOOLEAN, True, "Whether a view's time is also sent for its module and for its method."
    )
    STATSD_EXCLUDE = Setting(
        kinds.PATTERNS,
        [],
        "Regular expressions, matched at the start of the path; requests to these paths emit nothing.",
    )
    STATSD_SERVER_TIMING = Setting(
        kinds.SWITCH,
        False,
        "Whether responses carry a ``Server-Timing`` header: True for staff and under DEBUG, or a function "
        "of the request.",
    )
    STATSD_TAGS = Setting(
        kinds.one_of(None, "datadog", "influxdb", "graphite"),
        None,
        "How tags are written; with None they become part of the name, and the built-in stats have none.",
    )
    STATSD_CONSTANT_TAGS = Setting(kinds.TAGS, {}, "Tags that every stat carries.")
    STATSD_TAG_VALUES = Setting(
        kinds.whole(1, 100_000),
        500,
        "How many values a tag may have in one process; further ones become ``_overflow``.",
    )
    STATSD_FLUSH_INTERVAL = Setting(
        kinds.number(0.05, 60), 1.0, "Seconds for which the buffered client gathers stats."
    )
    STATSD_TIMER_VALUES = Setting(
        kinds.whole(10, 100_000),
        1000,
        "How many values of one timer are kept per interval; past that a fair sample, sent with its rate.",
    )
    STATSD_MAXUDPSIZE = Setting(
        kinds.whole(128, 65_000),
        1432,
        "Largest datagram in bytes: 512 is safe on any network, 1432 fits Ethernet, 8192 suits Unix sockets "
        "and loopback.",
    )
    STATSD_MULTI_VALUE = Setting(
        kinds.BOOLEAN,
        False,
        "Whether one line may carry several values of a timer. Etsy's daemon, Telegraf and, in its own form, "
        "Datadog's agent read that; collectd does not.",
    )
    STATSD_TIMEOUT = Setting(kinds.number(0.05, 30), 1.0, "Seconds to wait for a TCP or Unix stream server.")
    STATSD_DNS_TTL = Setting(
        kinds.number(0, 86_400),
        60.0,
        "Seconds for which a resolved address is used; 0 is for ever.",
    )
    STATSD_TELEMETRY = Setting(
        kinds.BOOLEAN,
        False,
        "Whether the client's own counts of sent stats and packets go to the server too. Drops always do.",
    )
    STATSD_HANDLE_SIGTERM = Setting(
        kinds.BOOLEAN,
        True,
        "Whether SIGTERM flushes what is buffered before the handler that was there runs.",
    )
    STATSD_LOG_LEVELS = Setting(
        kinds.LEVELS,
        False,
        "Whether, or for which levels, ``StatsdHandler`` also counts ``log.{level}``.",
    )
    STATSD_MODEL_SIGNALS = Setting(
        kinds.BOOLEAN, False, "Whether created, updated and deleted model instances are counted."
    )
    STATSD_CELERY_SIGNALS = Setting(kinds.BOOLEAN, False, "Whether Celery tasks are counted and timed.")
    STATSD_RECORD_KEYS = Setting(
        kinds.words("names of browser timings", *fields.RECORD_KEYS),
        list(fields.DEFAULT_KEYS),
        "Which of a browser's Navigation Timing fields the beacon records.",
    )
    STATSD_RECORD_GUARD = Setting(
        kinds.GUARDS,
        "django_metrics_statsd.beacon.guards.honour_privacy",
        "Who may send beacons: functions of the request, sync or async, that return None to let it in or a "
        "response to refuse it.",
    )
    STATSD_RECORD_SEGMENTS = Setting(
        kinds.words("segments", *fields.SEGMENTS),
        [],
        "Tags of the stats from beacons: ``device``, ``connection``, ``route``, ``country``, ``navigation``.",
    )
    STATSD_RECORD_COUNTRY = Setting(
        kinds.COUNTRY,
        None,
        "Where the segment ``country`` comes from: a header that your proxy sets, such as ``CF-IPCountry``, "
        "or a function of the request.",
    )
    STATSD_RECORD_ORIGINS = Setting(
        kinds.ORIGINS,
        [],
        "Other origins whose pages may send beacons here, such as ``https://shop.example.com``.",
    )
    STATSD_RECORD_MAX_BYTES = Setting(
        kinds.whole(256, 65_536), 8192, "Largest beacon in bytes, body or query string."
    )
    STATSD_RECORD_MAX_KEYS = Setting(kinds.whole(1, 1_000), 64, "How many fields a beacon may have.")
    TOOLBAR_STATSD = Setting(
        TOOLBAR,
        {},
        "Where the toolbar panel finds pictures of a stat (``graphite`` and ``roots``) and other pages about "
        "it (``links``).",
    )
    METLOG = Setting(
        kinds.ANYTHING,
        None,
        "The metlog client that ``django_metrics_statsd.clients.metlog`` writes to.",
    )


conf = Conf()


def debug() -> bool:
    """Return the project's ``DEBUG``."""
    return bool(settings.DEBUG)


def project_setting(name: str) -> Any:
    """Return a setting that is not ours, or None."""
    return getattr(settings, name, None)


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(Conf).values():
        if isinstance(value, Setting):
            yield value


def names_in_settings(prefix: str) -> list[str]:
    """Return the names in the project's settings that start with `prefix`."""
    return sorted(name for name in dir(settings) if name.startswith(prefix) and name.isupper())


def on_change(reset: Callable[[], None], *prefixes: str) -> None:
    """Call `reset` whenever a setting whose name starts with one of `prefixes` changes (in tests)."""
    from django.core.signals import setting_changed

    def receiver(*, setting: str, **kwargs: Any) -> None:
        if setting.startswith(prefixes):
            reset()

    setting_changed.connect(receiver, weak=False)
