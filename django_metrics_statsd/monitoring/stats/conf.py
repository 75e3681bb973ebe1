"""The settings of the embedded stats store; read like the core's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django_metrics_statsd import kinds
from django_metrics_statsd.conf import Setting
from django_metrics_statsd.conf import conf as core
from django_metrics_statsd.conf import on_change as on_change_of
from django_metrics_statsd.kinds import Kind

CLIENT = "django_metrics_statsd.monitoring.client"

#: Windows have to fill a minute without a rest, as minutes are made of them.
SECONDS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)


def _window(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value in SECONDS:
        return value
    raise ValueError(f"must be a number of seconds that divides a minute: {', '.join(map(str, SECONDS))}")


class StatsConf:
    """The settings; ``conf`` below is the one instance."""

    MONITORING_STATS_DATABASE = Setting(
        kinds.TEXT,
        "default",
        "The alias, in ``DATABASES``, of the database that the embedded stats store is kept in. Other than "
        "``default``, it needs the router ``django_metrics_statsd.monitoring.stats.router.StatsRouter``.",
    )
    MONITORING_STATS_WINDOW = Setting(
        Kind("int, 1 to 30, a divisor of 60", _window),
        10,
        "Seconds for which each process gathers stats before it writes them as one row.",
    )
    MONITORING_STATS_NAMES = Setting(
        kinds.whole(10, 100_000),
        5_000,
        "How many names the store takes, of all processes together, and each process within one window; "
        "stats of further names are dropped and counted.",
    )
    MONITORING_STATS_BACKLOG = Setting(
        kinds.whole(10_000, 1_000_000_000),
        4_000_000,
        "Bytes of windows that a process keeps while the database cannot be written to; past that the oldest "
        "are dropped and counted.",
    )
    MONITORING_STATS_WINDOW_HOURS = Setting(
        kinds.whole(1, 168), 1, "Hours for which single windows can be seen; after that, minutes."
    )
    MONITORING_STATS_MINUTE_DAYS = Setting(
        kinds.whole(1, 3_650), 7, "Days for which single minutes can be seen; after that, hours."
    )
    MONITORING_STATS_HOUR_DAYS = Setting(
        kinds.whole(0, 36_500), 400, "Days after which stats are deleted; 0 is for ever."
    )


conf = StatsConf()


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(StatsConf).values():
        if isinstance(value, Setting):
            yield value


def on_change(reset: Callable[[], None]) -> None:
    """Call `reset` when the window changes (in tests); all other settings are read when they are needed."""
    on_change_of(reset, "MONITORING_STATS_WINDOW")


def tag_values() -> int:
    """Return the core's ``STATSD_TAG_VALUES``."""
    return core.STATSD_TAG_VALUES


def is_used() -> bool:
    """Say whether ``STATSD_CLIENT`` names the store's client."""
    return any(path.startswith(CLIENT) for path in core.STATSD_CLIENT)
