"""The settings of monitoring; read like the core's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django_metrics_statsd import kinds
from django_metrics_statsd.conf import Setting, _under_test, project_setting
from django_metrics_statsd.conf import on_change as on_change_of
from django_metrics_statsd.kinds import Kind

PREFIX = "MONITORING_"
BACKGROUND, IMMEDIATE = "background", "immediate"
#: Days for which things are kept where nobody says otherwise; 0 is for ever.
RETENTION = {"rows": 0, "minute": 14, "hour": 400, "day": 0}


class WriteSetting(Setting[str | None]):
    """``MONITORING_WRITE``, which is ``immediate`` while Django's test environment is set up, unless set."""

    def raw(self) -> Any:
        value = super().raw()
        return (IMMEDIATE if _under_test() else BACKGROUND) if value is None else value


def _permission(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and 0 < value.find(".") < len(value) - 1):
        return value
    raise ValueError("must be None or a permission such as 'metrics_monitoring.view_monitoring'")


def retention(value: Any) -> dict[str, int]:
    """Clean days by what is kept; what is not named has the default.

    Raises:
        ValueError: it is no dictionary of these words and numbers.
    """
    if not isinstance(value, Mapping):
        raise ValueError("must be a dictionary such as {'minute': 14, 'hour': 400}")
    for word, days in value.items():
        if word not in RETENTION:
            raise ValueError(f"has {word!r} in it; allowed are {', '.join(RETENTION)}")
        if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 36_500:
            raise ValueError(f"has {days!r} for {word!r}; write days from 0 (for ever) to 36500")
    return {**RETENTION, **value}


def _zone(value: Any) -> ZoneInfo | None:
    if value is None:
        return None
    try:
        return ZoneInfo(value)
    except (TypeError, ValueError, OSError, LookupError):
        raise ValueError("must be None or a time zone's name such as 'Europe/Berlin'") from None


class MonitoringConf:
    """The settings; ``conf`` below is the one instance."""

    MONITORING_PERMISSION = Setting(
        Kind("str or None", _permission),
        None,
        "The permission that a user needs to see monitoring, such as ``metrics_monitoring.view_monitoring``. "
        "With None, all staff may.",
    )
    MONITORING_WRITE = WriteSetting(
        kinds.one_of(None, BACKGROUND, IMMEDIATE),
        None,
        "How what is added reaches the database: by a thread, a second after the commit (``background``), "
        "or at once, in the caller's own transaction (``immediate``). Unset, it is the thread, and "
        "``immediate`` while tests run.",
    )
    MONITORING_FLUSH_INTERVAL = Setting(
        kinds.number(0.05, 60), 1.0, "Seconds between two rounds of the thread that writes."
    )
    MONITORING_BUFFER = Setting(
        kinds.whole(100, 10_000_000),
        50_000,
        "How many adds may wait in a process; past that the oldest are dropped and counted.",
    )
    MONITORING_SERIES = Setting(
        kinds.whole(1, 1_000),
        50,
        "How many series a monitor may have in one process; further ones become ``_other``.",
    )
    MONITORING_RETENTION = Setting(
        Kind("dict of days", retention),
        RETENTION,
        "Days for which rows and the rollups per ``minute``, ``hour`` and ``day`` are kept; 0 is for ever. "
        "A model's own ``retention`` goes before.",
    )
    MONITORING_TIME_ZONE = Setting(
        Kind("time zone's name, or None", _zone),
        None,
        "The time zone in which days begin, and that the page starts with. With None, that is ``TIME_ZONE``.",
    )


conf = MonitoringConf()


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(MonitoringConf).values():
        if isinstance(value, Setting):
            yield value


def on_change(reset: Any) -> None:
    """Call `reset` whenever one of these settings changes (in tests)."""
    on_change_of(reset, PREFIX)


def home_zone() -> tzinfo:
    """Return the time zone in which the rollups' hours and days begin."""
    zone = conf.MONITORING_TIME_ZONE
    return ZoneInfo(str(project_setting("TIME_ZONE") or "UTC")) if zone is None else zone


def user_model() -> str:
    """Return the project's ``AUTH_USER_MODEL``."""
    return str(project_setting("AUTH_USER_MODEL"))


def project_uses_zones() -> bool:
    """Return the project's ``USE_TZ``."""
    return bool(project_setting("USE_TZ"))
