"""A client of our own: it gives every stat to the board, whose numbers the front page shows.

This is all it takes to send stats somewhere else: a module whose `StatsClient` has one method,
named in STATSD_CLIENT.
"""

from __future__ import annotations

import math
from typing import Any

from django_metrics_statsd.clients.base import SET, BaseClient, milliseconds

from .board import Board

board = Board()


class StatsClient(BaseClient):
    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Note one stat; what is neither a number nor a set's member is left to other clients."""
        if kind == SET:
            board.add(kind, stat, str(value)[:60], rate)
        elif is_number(value := milliseconds(value)):
            board.add(kind, stat, value, rate)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
