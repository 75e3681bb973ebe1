"""What one request is heard to emit, kept for the toolbar's panel until it is shown.

The recorder hangs on the request's observation. Where there is none, because the toolbar's middleware
stands outside of ours or ours are not used, the context variable `outside` holds it. So threads, tasks
and streams of one request share a recorder, and two requests never do.
"""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import NamedTuple, TypeVar

from django_metrics_statsd.observation import current

#: How many stats, and how many metlog messages, of one request are kept; more are counted as lost.
MAX_STATS = 10_000
MAX_MESSAGES = 1_000
#: The longest message that is kept, in characters of its JSON.
MAX_MESSAGE = 20_000

T = TypeVar("T")


class Stat(NamedTuple):
    """One stat in plain values; ``at`` is in milliseconds since the request began.

    ``name`` is as on the wire, without ``STATSD_PREFIX``; ``tags`` are the stat's own, ``key=value``.
    """

    at: float
    kind: str
    name: str
    tags: tuple[str, ...]
    rate: float
    value: float | str


class Refused(NamedTuple):
    """One stat that no client could send, and the reason: ``name``, ``value`` or ``rate``."""

    at: float
    kind: str
    name: str
    value: str
    reason: str


class Message(NamedTuple):
    """One metlog message as JSON. ``own`` is false when it only carries a stat that was heard already."""

    at: float
    text: str
    own: bool


class Recorder:
    """One request's stats and messages as heard, bounded.

    ``heard`` counts all that came, ``lost`` what was not kept. Once ``over``, nothing more is taken: what
    a task that outlives its request emits belongs to no request.
    """

    __slots__ = ("began", "heard", "lost", "messages", "over", "refused", "stats")

    def __init__(self) -> None:
        self.began = perf_counter()
        self.stats: list[Stat] = []
        self.refused: list[Refused] = []
        self.messages: list[Message] = []
        self.heard = self.lost = 0
        self.over = False

    def now(self) -> float:
        """Return the milliseconds since the request began."""
        return 1000 * (perf_counter() - self.began)

    def keep(self, stat: Stat | Refused) -> None:
        """Keep one stat."""
        if isinstance(stat, Stat):
            self._keep(self.stats, stat, MAX_STATS)
        else:
            self._keep(self.refused, stat, MAX_MESSAGES)

    def note(self, text: str) -> None:
        """Keep one metlog message."""
        message = Message(self.now(), text, not passing_on.get())
        self._keep(self.messages, message, MAX_MESSAGES if len(text) <= MAX_MESSAGE else 0)

    def _keep(self, kept: list[T], item: T, most: int) -> None:
        if self.over:
            return
        self.heard += 1
        if len(kept) < most:
            kept.append(item)
        else:
            self.lost += 1


#: The recorder of a request that has no observation (yet, or any more).
outside: ContextVar[Recorder | None] = ContextVar("metrics_recorder", default=None)

#: Whether the metlog client is passing a stat on, which the recorder has heard of by itself.
passing_on: ContextVar[bool] = ContextVar("metrics_passing_on", default=False)


def present() -> Recorder | None:
    """Return the recorder of the request that the caller belongs to, if that is being recorded."""
    seen = current.get()
    if seen is not None and seen.stats is not None:
        return seen.stats
    return outside.get()
