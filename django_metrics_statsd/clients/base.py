"""What every client has in common: the ``statsd`` package's API, reduced to one method.

A client is a class with `record`; all else is here. Subclasses that have a faster way for the common
calls (`buffered`) replace those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, NamedTuple, Self

from django_metrics_statsd.address import SCHEMES
from django_metrics_statsd.clients.timer import Timer
from django_metrics_statsd.safety import Telemetry

COUNTER = "c"
TIMER = "ms"
GAUGE = "g"
GAUGE_DELTA = "g+"
SET = "s"

TagsIn = Mapping[str, object] | Sequence[str] | Sequence[tuple[str, str]] | None


class Record(NamedTuple):
    """One stat as it was emitted: unchecked, so any field but `kind` may be anything."""

    kind: str
    stat: Any
    value: Any
    rate: float
    tags: Any


def milliseconds(delta: float | timedelta) -> float:
    """Return a timing in milliseconds, whether given so or as a timedelta."""
    return delta.total_seconds() * 1000 if isinstance(delta, timedelta) else delta


class Emitter:
    """The API of the ``statsd`` package. `rate` is the share (0 to 1) of calls that are sent.

    None of these raises, whatever it is given: what cannot be sent is dropped and counted.
    """

    __slots__ = ()

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Take one stat of one of the kinds of this module. The one method that a client must have."""
        raise NotImplementedError

    def incr(self, stat: str, count: float = 1, rate: float = 1, tags: TagsIn = None) -> None:
        """Add `count` to a counter."""
        self.record(COUNTER, stat, count, rate, tags)

    def decr(self, stat: str, count: float = 1, rate: float = 1, tags: TagsIn = None) -> None:
        """Take `count` from a counter."""
        self.record(COUNTER, stat, negative(count), rate, tags)

    def timing(self, stat: str, delta: float | timedelta, rate: float = 1, tags: TagsIn = None) -> None:
        """Send a time, in milliseconds or as a timedelta."""
        self.record(TIMER, stat, delta, rate, tags)

    def gauge(
        self, stat: str, value: float, rate: float = 1, delta: bool = False, tags: TagsIn = None
    ) -> None:
        """Set a gauge; with `delta`, change it by `value`. A negative value is a value."""
        self.record(GAUGE_DELTA if delta else GAUGE, stat, value, rate, tags)

    def set(self, stat: str, value: object, rate: float = 1, tags: TagsIn = None) -> None:
        """Add `value` to a set, whose distinct members the server counts."""
        self.record(SET, stat, value, rate, tags)

    def timer(self, stat: str, rate: float = 1, tags: TagsIn = None) -> Timer:
        """Return a timer: a context manager, sync or async, and a decorator for any kind of function."""
        return Timer(self, stat, rate, tags)

    def pipeline(self) -> Pipeline:
        """Return a client that keeps what it is given and passes it on together."""
        return Pipeline(self)


def negative(count: Any) -> Any:
    """Return minus `count`; what has no minus is passed on, to be refused with the other odd values."""
    try:
        return -count
    except Exception:  # whatever the operators of the host's objects do, it is not for the caller
        return None


class BaseClient(Emitter):
    """A client: an emitter with a beginning, an end and an account of itself."""

    #: The schemes of ``STATSD_URL`` that it can reach a server by.
    schemes: tuple[str, ...] = SCHEMES

    def __init__(self) -> None:
        self.counts = Telemetry()

    def record_all(self, records: list[Record]) -> None:
        """Take several stats at once."""
        for record in records:
            self.record(*record)

    def start(self) -> None:
        """Get ready in this process; called before the first stat. Opens nothing."""

    def tick(self) -> None:
        """A moment outside of the hot path, once a request, to look whether all is well."""

    def flush(self, timeout: float | None = None) -> bool:
        """Send what is buffered, taking at most `timeout` seconds; say whether all of it went."""
        return True

    def close(self) -> None:
        """Send what is buffered and let go of sockets and threads. The next stat opens them again."""

    def telemetry(self) -> dict[str, Any]:
        """Return ``{"sent", "packets", "bytes", "dropped": {reason: count}}`` of this process."""
        return self.counts.as_dict()

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return type(self).__module__.rpartition(".")[2]


class Pipeline(Emitter):
    """Keeps stats until `send` or the end of its ``with`` block, then passes them on together."""

    __slots__ = ("_records", "_target")

    def __init__(self, target: Any) -> None:
        self._target = target
        self._records: list[Record] = []

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Keep one stat."""
        self._records.append(Record(kind, stat, value, rate, tags))

    def send(self) -> None:
        """Pass on what was kept."""
        records, self._records = self._records, []
        if records:
            self._target.record_all(records)

    def record_all(self, records: list[Record]) -> None:
        """Keep the stats of an inner pipeline."""
        self._records.extend(records)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.send()
