"""What kind of device a user agent is, by the user-agents package; remembered, because parsing takes 1 ms."""

from __future__ import annotations

from functools import lru_cache

from django_metrics_statsd.safety import say_once

#: Characters of a user agent that are looked at.
MAX_LENGTH = 512
#: How many user agents are remembered.
REMEMBERED = 4_096

MISSING = (
    "the user-agents package is missing, so devices and bots are not told apart: "
    "pip install 'django-metrics-statsd[hits]'"
)


def device(user_agent: str) -> str:
    """Return ``mobile``, ``tablet``, ``desktop``, ``bot`` or ``other``; ``unknown`` without the package."""
    return _parse(user_agent[:MAX_LENGTH])


@lru_cache(REMEMBERED)
def _parse(text: str) -> str:
    try:
        from user_agents import parse
    except ImportError:
        say_once("beacon.agents", MISSING)
        return "unknown"
    try:
        agent = parse(text)
    except ValueError:  # the package takes "²" for a digit and cannot make a number of it
        return "other"
    kinds = {
        "bot": agent.is_bot,
        "tablet": agent.is_tablet,
        "mobile": agent.is_mobile,
        "desktop": agent.is_pc,
    }
    return next((kind for kind, is_kind in kinds.items() if is_kind), "other")
