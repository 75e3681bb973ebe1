"""The handle ``statsd``: asked for at any time, bound to the configured client at first use.

Its emitting attributes are slots that hold the client's own bound functions, so once bound the handle
costs nothing. It unbinds when a setting changes, when the process forks, and when somebody begins or
ends to listen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django_metrics_statsd.background import in_children
from django_metrics_statsd.clients.base import BaseClient, Emitter, Pipeline, Record
from django_metrics_statsd.clients.loading import load_client
from django_metrics_statsd.clients.timer import Timer
from django_metrics_statsd.conf import on_change
from django_metrics_statsd.safety import failed

Listener = Callable[[Record], None]

if TYPE_CHECKING:

    class _Api(Emitter):
        """What a type checker sees: the slots have the signatures of the API's methods."""

        def record_all(self, records: list[Record]) -> None: ...

        def tick(self) -> None: ...

else:
    _Api = object

_EMITTERS = ("incr", "decr", "gauge", "set", "timing", "record", "record_all", "tick")


class Statsd(_Api):
    """The API of the ``statsd`` package, passed on to the client that ``STATSD_CLIENT`` names."""

    __slots__ = (*_EMITTERS, "_client", "_listeners", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._client: BaseClient | None = None
        self._listeners: tuple[Listener, ...] = ()
        self.unbind()

    def unbind(self) -> None:
        """Look at the settings again before the next call."""
        for name in _EMITTERS:
            setattr(self, name, _Cold(self, name))

    def reset(self) -> None:
        """Start anew in a forked child, where another thread may have left the lock held."""
        self._lock = threading.RLock()
        self.unbind()

    @property
    def client(self) -> BaseClient:
        """The client behind the handle, made now if there is none."""
        with self._lock:
            if self._client is None:
                self._client = load_client()
            return self._client

    def bind(self) -> None:
        """Let the emitting attributes be the client's own functions, or the listeners' if there are some."""
        with self._lock:
            client = self.client
            _safely(client.start)  # it may be a client of the site's own
            source: Any = client  # ours do not raise, so they need nobody between
            if self._listeners or not type(client).__module__.startswith("django_metrics_statsd."):
                source = _Guarded(client, self._listeners)
            for name in _EMITTERS:
                setattr(self, name, getattr(source, name))

    def listen(self, listener: Listener) -> None:
        """Have `listener` called with each stat, in the emitting thread, before the client gets it."""
        with self._lock:
            self._listeners = (*self._listeners, listener)
            self.unbind()

    def unlisten(self, listener: Listener) -> None:
        """Stop calling `listener`."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each != listener)
            self.unbind()

    def replace(self, client: BaseClient | None) -> BaseClient | None:
        """Put another client behind the handle (None: the configured one); return the previous."""
        with self._lock:
            previous, self._client = self._client, client
            self.unbind()
            return previous

    def timer(self, stat: str, rate: float = 1, tags: Any = None) -> Timer:
        """Return a timer: a context manager, sync or async, and a decorator for any kind of function."""
        return Timer(self, stat, rate, tags)

    def pipeline(self) -> Pipeline:
        """Return a client that keeps what it is given and passes it on together."""
        return Pipeline(self)

    def flush(self, timeout: float | None = None) -> bool:
        """Send what is buffered, taking at most `timeout` seconds; say whether all of it went."""
        return self._client is None or self._client.flush(timeout)

    def close(self) -> None:
        """Flush and close the client. The next stat makes a new one."""
        client = self.replace(None)
        if client is not None:
            client.close()

    def telemetry(self) -> dict[str, Any]:
        """Return ``{"sent", "packets", "bytes", "dropped": {reason: count}}`` of this process."""
        return self.client.telemetry()

    @property
    def made(self) -> bool:
        """Whether there is a client behind the handle already."""
        return self._client is not None

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        return self.client.destination


class _Cold:
    """Stands in for an emitting function until the handle is bound."""

    __slots__ = ("_handle", "_name")

    def __init__(self, handle: Statsd, name: str) -> None:
        self._handle, self._name = handle, name

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self._handle.bind()
        bound = getattr(self._handle, self._name)
        if isinstance(bound, _Cold):  # unbound again meanwhile, by another thread
            bound = getattr(self._handle.client, self._name)
        bound(*args, **kwargs)


class _Guarded(Emitter):
    """Passes each stat to the listeners, then to the client, and lets none of them raise into the host."""

    def __init__(self, client: BaseClient, listeners: Iterable[Listener]) -> None:
        self._client, self._listeners = client, tuple(listeners)

    def tick(self) -> None:
        _safely(self._client.tick)

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        heard = Record(kind, stat, value, rate, tags)
        for listener in self._listeners:
            _safely(listener, heard)
        _safely(self._client.record, *heard)

    def record_all(self, records: list[Record]) -> None:
        for record in records:
            self.record(*record)


def _safely(take: Callable[..., None], *stat: Any) -> None:
    try:
        take(*stat)
    except Exception:
        failed("clients.handle")


statsd = Statsd()


def get_client() -> BaseClient:
    """Return the client that ``STATSD_CLIENT`` names, the one behind the handle."""
    return statsd.client


on_change(statsd.close, "STATSD_", "METLOG")
in_children(statsd.reset)
