"""The client that writes each stat to the log: for development."""

from __future__ import annotations

import logging
from typing import Any

from django_metrics_statsd.clients.base import BaseClient

logger = logging.getLogger("django_metrics_statsd.stats")


class StatsClient(BaseClient):
    """Logs each stat at level INFO to ``django_metrics_statsd.stats``."""

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Log one stat."""
        try:
            logger.info("%s %s %s rate=%s tags=%s", kind, stat, value, rate, tags)
        except Exception:  # a logging handler of the host's that raises
            self.counts.drop("log")
        else:
            self.counts.sent += 1
