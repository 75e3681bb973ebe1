"""The settings of hits and events; read like the core's."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2s
from typing import Any

from django_metrics_statsd import kinds
from django_metrics_statsd.conf import Setting, _under_test, project_setting
from django_metrics_statsd.conf import on_change as on_change_of
from django_metrics_statsd.hits import kinds as own

PREFIXES = ("WT_", "MQUEUE_", "GEOIP_PATH", "SITE_SLUG")


class StopSetting(Setting[bool]):
    """``WT_STOP``, which is true while Django's test environment is set up, unless the settings have it."""

    def raw(self) -> Any:
        value = super().raw()
        return _under_test() if value is None else value


class HitsConf:
    """The settings; ``conf`` below is the one instance."""

    SITE_SLUG = Setting(own.SLUG, "default", "The site's name in every hit and event.")
    WT_DATABASES = Setting(
        own.DATABASES,
        {"default": {"type": "django"}},
        "The storages: a name for each and its options, of which ``type`` says what it is: ``django``, "
        "``influxdb``, ``clickhouse`` or the dotted path of a class.",
    )
    WT_REDIS = Setting(
        own.REDIS,
        None,
        "The Redis server that carries records to ``manage.py collect``: ``addr`` or ``host``, ``port``, "
        "``db``, ``password``, or ``url``; ``cluster`` for Redis Cluster. Unset, each process writes to the "
        "storages itself.",
    )
    WT_STOP = StopSetting(
        own.STOP, None, "Whether nothing is recorded. Unset, that is so while tests run, and only then."
    )
    WT_EXCLUDE = Setting(
        own.PATHS,
        ["/admin/jsi18n/", "/media/", "/static/"],
        "Paths that are not recorded: beginnings, or regular expressions where they begin with ``^``.",
    )
    WT_SAMPLE = Setting(kinds.number(0, 1), 1.0, "The share of requests that is recorded.")
    WT_FREQUENCY = Setting(
        kinds.number(0.05, 3_600),
        1.0,
        "Seconds between two rounds of the thread that sends records on, and of an idle collector.",
    )
    WT_BATCH = Setting(kinds.whole(1, 100_000), 1_000, "How many records are sent or written at once.")
    WT_BUFFER = Setting(
        kinds.whole(100, 10_000_000),
        10_000,
        "How many records may wait in a process; past that the oldest are dropped and counted.",
    )
    WT_TIMEOUT = Setting(kinds.number(0.05, 60), 2.0, "Seconds to wait for Redis in a process of the site.")
    WT_STREAM_LENGTH = Setting(
        kinds.whole(1_000, 1_000_000_000),
        1_000_000,
        "How many records Redis keeps at most, about; past that the oldest go.",
    )
    WT_PARTITIONS = Setting(
        kinds.whole(1, 256),
        1,
        "Over how many streams records are spread, so that Redis Cluster can share them.",
    )
    WT_CLAIM_SECONDS = Setting(
        kinds.number(0.05, 86_400), 60.0, "Seconds after which a collector takes over what another one left."
    )
    WT_DEAD_LETTERS = Setting(
        kinds.whole(0, 10_000_000), 10_000, "How many unreadable or refused records are kept aside."
    )
    WT_TRUSTED_PROXIES = Setting(
        own.NETWORKS,
        [],
        "Addresses or networks of proxies whose ``Forwarded`` or ``X-Forwarded-For`` is believed; ``unix`` "
        "for a server behind a Unix socket.",
    )
    WT_ANONYMIZE_IP = Setting(
        kinds.one_of(None, "truncate", "hash"),
        None,
        "How addresses are made less personal: cut to /24 and /48, or replaced by a keyed hash.",
    )
    WT_OMIT = Setting(
        kinds.words("fields of a hit", *own.OMITTABLE),
        [],
        "Fields of a hit that stay empty, such as ``user`` and ``ip``.",
    )
    WT_PRIVACY_SIGNALS = Setting(
        kinds.one_of(None, "anonymous", "leave_out"),
        None,
        "What happens to hits of browsers that send ``DNT`` or ``Sec-GPC``: nothing, recorded without user, "
        "address, user agent and referer, or not recorded.",
    )
    WT_RETENTION_DAYS = Setting(
        kinds.whole(0, 36_500),
        30,
        "Days after which hits and events in Django databases are deleted, and for which what we create in "
        "other storages keeps them; 0 is for ever.",
    )
    WT_BROWSER = Setting(kinds.BOOLEAN, False, "Whether what browsers report to the beacon is recorded too.")
    GEOIP_PATH = Setting(
        own.PATH,
        None,
        "A GeoIP2 or GeoLite2 city or country database (``.mmdb``), or the folder that has it.",
    )
    WT_BOTS = Setting(
        kinds.PATTERNS,
        [],
        "Regular expressions, in any case of letters, of user agents that are bots besides those that are "
        "known.",
    )
    MQUEUE_AUTOREGISTER = Setting(
        own.REGISTERED,
        [],
        "Models whose changes are events: pairs of a model (``app.models.Model`` or ``app.Model``) and a "
        "list of ``c``, ``u`` and ``d``.",
    )
    MQUEUE_WATCH = Setting(
        kinds.words("watchers", "login", "logout", "login_failed"),
        [],
        "Which doings of users are events: ``login``, ``logout``, ``login_failed``.",
    )
    MQUEUE_HOOKS = Setting(
        own.HOOKS,
        {},
        "Modules that get every event besides: a name for each, its ``path``, and whatever it needs.",
    )
    MQUEUE_NOSAVE = Setting(own.MODEL_NAMES, [], "Names of models whose events go to the hooks alone.")


conf = HitsConf()


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(HitsConf).values():
        if isinstance(value, Setting):
            yield value


def on_change(reset: Any) -> None:
    """Call `reset` whenever one of these settings changes (in tests)."""
    on_change_of(reset, *PREFIXES)


def address_key() -> bytes:
    """Return the key for hashed addresses: from the project's ``SECRET_KEY``, and for nothing else."""
    return blake2s(str(project_setting("SECRET_KEY") or "").encode(), person=b"hits.ip").digest()
