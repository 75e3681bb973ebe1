"""``manage.py check`` for monitoring: a wrong setting is named, with what is allowed and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004
from django.db import connections, router

from django_metrics_statsd.checks import wrong_values
from django_metrics_statsd.conf import names_in_settings
from django_metrics_statsd.monitoring import conf as own
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.stats import conf as stats

LABEL = "metrics_monitoring"
Check = Callable[..., list[CheckMessage]]


def register_all() -> None:
    """Tell Django of every check in this module, and of those of the store of stats."""
    from django_metrics_statsd.monitoring.stats import checks as stats_checks

    for check in CHECKS:
        register(check, "django_metrics_statsd")
    stats_checks.register_all()


def check_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: every setting of monitoring has a value that it may have."""
    return [
        Error(problem, hint=hint, id=f"{LABEL}.E001") for _, problem, hint in wrong_values(own.all_settings())
    ]


def check_names(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W001: no setting begins with ``MONITORING_`` that nobody reads."""
    known = [setting.name for setting in chain(own.all_settings(), stats.all_settings())]
    ends = [name.removeprefix(own.PREFIX) for name in known]
    found: list[CheckMessage] = []
    for name in names_in_settings(own.PREFIX):
        if name not in known:
            near = difflib.get_close_matches(name.removeprefix(own.PREFIX), ends, 1, 0.5)
            hint = f"Did you mean {own.PREFIX}{near[0]}?" if near else f"Known are: {', '.join(known)}."
            found.append(Warning(f"{name} is not a setting of this package.", hint=hint, id=f"{LABEL}.W001"))
    return found


def check_monitors(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E002: what monitors say of themselves makes sense: statistics, thresholds, retention."""
    return [
        Error(f"Monitor {name!r}: {problem}", hint=hint, id=f"{LABEL}.E002")
        for name, _ in monitor.get_all()
        for problem, hint in _problems(name, monitor.get(name))
    ]


def _problems(name: str, model: Any) -> Iterator[tuple[str, str]]:
    allowed = getattr(model, "statistics", None)
    if not allowed:
        return  # a model of its own, with a view that knows it
    asked = [*(monitor.get_option(name, "statistics") or ())]
    asked += [each.statistic for each in monitor.get_option(name, "thresholds") or () if each.statistic]
    for statistic in asked:
        if statistic not in allowed:
            yield (
                f"{model._meta.label} has no statistic {statistic!r}.",
                f"Allowed are {', '.join(allowed)}.",
            )
    try:
        own.retention(model.retention)
    except ValueError as error:
        yield f"retention of {model._meta.label} {error}.", "Days by what is kept; 0 is for ever."
    if not model.keep_rows and not model.keep_rollups:
        yield f"{model._meta.label} keeps neither rows nor rollups.", "Nothing that is added is kept."


def check_database(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003: the rollups' database is one that their statements are written for."""
    from django_metrics_statsd.monitoring.rollups.upsert import VENDORS
    from django_metrics_statsd.monitoring.tables import Rollup

    vendor = connections[router.db_for_write(Rollup)].vendor
    if vendor in VENDORS:
        return []
    message = f"The rollups of monitors cannot be kept in {vendor}."
    hint = f"Route the app {LABEL!r} to a database of {', '.join(VENDORS)} (mysql is MariaDB too)."
    return [Error(message, hint=hint, id=f"{LABEL}.E003")]


def check_drops(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W002: this process has dropped nothing that was added so far."""
    from django_metrics_statsd.monitoring.rollups.road import road

    if not road.counts.dropped:
        return []
    counts = ", ".join(f"{reason}: {count}" for reason, count in sorted(road.counts.dropped.items()))
    hint = "See the reasons in the docs, and the log of django_metrics_statsd."
    return [Warning(f"Adds to monitors were dropped: {counts}.", hint=hint, id=f"{LABEL}.W002")]


CHECKS: tuple[Check, ...] = (check_values, check_names, check_monitors, check_database, check_drops)
