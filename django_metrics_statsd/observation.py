"""What one request has gathered so far.

The outermost of our middlewares puts an `Observation` into the context variable once, at the start of
the request, and everybody else only changes that object. So threads, child tasks and streams that
belong to the request find it, and no token is ever reset in another context.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_metrics_statsd.recording import Recorder

_ATTRIBUTE = "_metrics_observation"


class Observation:
    """One request's numbers; times are in milliseconds.

    ``queries`` and ``query_ms`` count statements sent to databases, ``cache_calls``, ``cache_ms``,
    ``cache_hits`` and ``cache_misses`` what caches were asked. While ``muted`` is true, nothing of this
    request is emitted. ``stats`` records what is, where the toolbar's panel is shown.
    """

    __slots__ = (
        "cache_calls",
        "cache_hits",
        "cache_misses",
        "cache_ms",
        "muted",
        "queries",
        "query_ms",
        "stats",
    )

    def __init__(self, *, muted: bool = False) -> None:
        self.queries = 0
        self.query_ms = 0.0
        self.cache_calls = 0
        self.cache_ms = 0.0
        self.cache_hits = 0
        self.cache_misses = 0
        self.muted = muted
        self.stats: Recorder | None = None


current: ContextVar[Observation | None] = ContextVar("metrics_observation", default=None)


def begin(request: HttpRequest) -> Observation:
    """Return the request's observation; the first of our middlewares to ask makes it current."""
    state = request.__dict__
    observation: Observation | None = state.get(_ATTRIBUTE)
    if observation is None:
        observation = state[_ATTRIBUTE] = Observation()
        current.set(observation)
    return observation


def of(request: HttpRequest) -> Observation | None:
    """Return the request's observation, or None when none of our middlewares has seen the request."""
    return request.__dict__.get(_ATTRIBUTE)


def leave(observation: Observation) -> None:
    """Let `observation` be current no longer, in the context of whoever calls this."""
    if current.get() is observation:
        current.set(None)
