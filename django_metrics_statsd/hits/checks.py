"""``manage.py check`` for hits and events. Ids are ``metrics_hits.E…`` and ``.W…``."""

from __future__ import annotations

from collections.abc import Callable

from django.core.checks import CheckMessage, register

LABEL = "metrics_hits"
Check = Callable[..., list[CheckMessage]]

CHECKS: tuple[Check, ...] = ()


def register_all() -> None:
    """Tell Django of every check in this module."""
    for check in CHECKS:
        register(check, "django_metrics_statsd")
