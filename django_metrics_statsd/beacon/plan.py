"""What the beacon needs of the settings, compiled once and dropped when a setting changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.module_loading import import_string

from django_metrics_statsd.beacon.guards import AllOf, unavailable
from django_metrics_statsd.conf import Conf, Setting, conf
from django_metrics_statsd.plan import Compiled
from django_metrics_statsd.safety import failed


class BeaconPlan:
    """The settings as the view uses them.

    Attributes:
        wanted: the names of Navigation Timing that are recorded.
        guards: functions of the request, in their order, combined ones taken apart.
        segments, country, origins, max_bytes, max_keys: as the settings have them.
    """

    __slots__ = ("country", "guards", "max_bytes", "max_keys", "origins", "segments", "wanted")

    def __init__(self) -> None:
        self.wanted = frozenset(conf.STATSD_RECORD_KEYS)
        self.guards = tuple(_load_guards())
        self.segments = conf.STATSD_RECORD_SEGMENTS
        self.country = conf.STATSD_RECORD_COUNTRY
        self.origins = conf.STATSD_RECORD_ORIGINS
        self.max_bytes = conf.STATSD_RECORD_MAX_BYTES
        self.max_keys = conf.STATSD_RECORD_MAX_KEYS


def _load_guards() -> Iterator[Callable[..., Any]]:
    setting: Setting[Any] = vars(Conf)["STATSD_RECORD_GUARD"]
    if setting.problem():  # the default, which is used else, lets more in than was meant
        yield unavailable
    for guard in conf.STATSD_RECORD_GUARD:
        try:
            loaded = import_string(guard) if isinstance(guard, str) else guard
        except Exception:  # whatever importing a module of the site's may raise
            failed(f"STATSD_RECORD_GUARD {guard}")
            loaded = unavailable  # whoever asked for a guard does not want the door open
        yield from _apart(loaded)


def _apart(guard: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    if not isinstance(guard, AllOf):
        yield guard
        return
    for inner in guard.guards:
        yield from _apart(inner)


planned = Compiled(BeaconPlan)
