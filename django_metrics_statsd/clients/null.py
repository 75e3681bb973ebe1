"""The client that drops everything: for tests, and for switching stats off."""

from __future__ import annotations

from typing import Any

from django_metrics_statsd.clients.base import BaseClient


class StatsClient(BaseClient):
    """Takes stats and does nothing with them."""

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Do nothing."""
