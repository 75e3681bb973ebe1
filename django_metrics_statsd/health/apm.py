"""Tells agents of application performance monitoring, where they are in use, to leave a request out."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.safety import failed


def leave_out() -> None:
    """Do so if ``WATCHMAN_DISABLE_APM`` says so. Agents that nobody has imported are not."""
    if not conf.WATCHMAN_DISABLE_APM:
        return
    for name, tell in _AGENTS.items():
        agent = sys.modules.get(name)
        if agent is not None:
            try:
                tell(agent)
            except Exception:
                failed("health.apm")


def _new_relic(agent: Any) -> None:
    agent.ignore_transaction(flag=True)


def _datadog(agent: Any) -> None:
    span = agent.tracer.current_root_span()
    if span is not None:
        span.set_tag("manual.drop")


def _sentry(agent: Any) -> None:
    transaction = agent.get_current_scope().transaction
    if transaction is not None:
        transaction.sampled = False


_AGENTS: dict[str, Callable[[Any], None]] = {
    "newrelic.agent": _new_relic,
    "ddtrace": _datadog,
    "sentry_sdk": _sentry,
}
