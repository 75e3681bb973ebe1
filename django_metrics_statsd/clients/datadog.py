"""Sends stats through the ``datadog`` package's DogStatsD client, with its own buffering and tags."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.clients import build
from django_metrics_statsd.clients.base import COUNTER, GAUGE, SET, TIMER, BaseClient, milliseconds
from django_metrics_statsd.clients.dialects import is_number
from django_metrics_statsd.conf import conf
from django_metrics_statsd.names import NO_TAGS, Tags, TagValues, clean, freeze_tags

try:
    from datadog.dogstatsd.base import DogStatsd
except ImportError as error:
    raise ImportError(
        "django_metrics_statsd.clients.datadog needs the package datadog: "
        "pip install 'django-metrics-statsd[datadog]'"
    ) from error


class StatsClient(BaseClient):
    """Hands each stat to a ``datadog.DogStatsd`` of its own.

    A change of a gauge (``delta=True``) is dropped and counted: DogStatsD has none.
    """

    schemes = ("udp", "udp6", "unix")

    def __init__(self) -> None:
        super().__init__()
        address = build.address()
        problem = build.problem(type(self))
        if problem:
            raise ImproperlyConfigured(problem)
        where: dict[str, Any] = {"host": address.host, "port": address.port}
        if address.is_unix:
            where = {"socket_path": address.path}
        self._dog = DogStatsd(
            **where,
            namespace=conf.STATSD_PREFIX.rstrip(".") or None,
            constant_tags=[f"{key}:{value}" for key, value in conf.STATSD_CONSTANT_TAGS.items()],
            disable_telemetry=True,
        )
        self._address = address
        self._bounded = TagValues(conf.STATSD_TAG_VALUES)
        self._send = {
            COUNTER: self._dog.increment,
            TIMER: self._dog.timing,
            GAUGE: self._dog.gauge,
            SET: self._dog.set,
        }

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Hand over one stat."""
        reason = self._problem(kind, stat, value)
        if not reason:
            try:
                self._hand_over(kind, stat, value, rate, freeze_tags(tags) if tags else NO_TAGS)
            except Exception:
                reason = "datadog"
        if reason:
            self.counts.drop(reason)
        else:
            self.counts.sent += 1

    def _problem(self, kind: str, stat: Any, value: Any) -> str:
        if kind not in self._send:
            return "kind"
        if not isinstance(stat, str) or not stat:
            return "name"
        return "" if kind == SET or is_number(milliseconds(value)) else "value"

    def _hand_over(self, kind: str, stat: str, value: Any, rate: float, tags: Tags) -> None:
        amount = clean(str(value)) if kind == SET else milliseconds(value)
        pairs = [f"{clean(key)}:{self._bounded(key, clean(text))}" for key, text in tags]
        self._send[kind](clean(stat), amount, tags=pairs or None, sample_rate=rate)

    def flush(self, timeout: float | None = None) -> bool:
        """Send what the DogStatsD client has buffered."""
        self._dog.flush()
        return True

    def close(self) -> None:
        """Flush, and stop the DogStatsD client's threads."""
        self._dog.stop()
        self._dog.close_socket()

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return f"datadog at {self._address}"
