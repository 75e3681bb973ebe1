"""All open event streams of this process: who listens, what each has not been told yet, who may no longer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable

from django.db import connections

from django_metrics_statsd import background
from django_metrics_statsd.background import Worker, ending
from django_metrics_statsd.conf import conf as core
from django_metrics_statsd.dashboard.access import Visitor, still_may
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.live.watcher import Watcher
from django_metrics_statsd.decorators import muted


class Listener:
    """One open stream: lives in its event loop, is told of changes there, and keeps only names of widgets."""

    def __init__(self, visitor: Visitor, since: int) -> None:
        self.visitor, self.seq = visitor, since
        self.loop = asyncio.get_running_loop()
        self.pending: set[str] = set()
        self.closing: str | None = None
        self._event = asyncio.Event()

    def offer(self, seq: int, found: dict[str, int]) -> None:
        """Take in what changed after what this stream knows of; all of it where the numbers began anew."""
        news = [key for key, number in found.items() if number > self.seq or seq < self.seq]
        self.seq = seq
        if news:
            self.pending.update(news)
            self._event.set()

    def close(self, reason: str) -> None:
        """Have the stream end: ``denied``, ``renew``, or ``stopping``, of which the page is not told."""
        self.closing = reason
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for news for so long; say whether there are any."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def take(self) -> list[str]:
        """Return the names of the widgets that changed, and forget them."""
        keys, self.pending = sorted(self.pending), set()
        return keys


class Hub:
    """The listeners, and the two threads that there are while there are any."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin without listeners: a forked child has none of its parent's."""
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._seq = 0
        self._known: dict[str, int] | None = None
        self._watcher: Watcher | None = None
        self._checker: Worker | None = None
        self._checked: dict[Visitor, float] = {}

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self, listener: Listener) -> None:
        """Have `listener` told of what changed since its number, from now on."""
        with self._lock:
            self._listeners.add(listener)
            self._checked.setdefault(listener.visitor, time.monotonic())
            if self._watcher is None:
                self._start()
            elif self._known is not None:
                listener.offer(self._seq, self._known)

    def leave(self, listener: Listener) -> None:
        """Forget `listener`; with the last one the threads end."""
        with self._lock:
            self._listeners.discard(listener)
            if not self._listeners:
                self._stop()

    def flush(self, timeout: float | None = None) -> bool:
        """The process ends: have all streams end first, which some servers wait for.

        A signal's handler may run this between any two steps of its own thread, so it takes no lock and sets
        no event that this thread might be in the middle of: the loops do all else.
        """
        if ending.told:
            self._close_all("stopping")
        return True

    def _start(self) -> None:
        background.look_after(self)
        if core.STATSD_HANDLE_SIGTERM:
            background.handle_sigterm()
        self._watcher = Watcher(self._changed)
        self._watcher.start()
        self._checker = Worker(
            self._check, min(1.0, conf.DASHBOARD_CHECK_SECONDS), "metrics-dashboard-checker"
        )
        self._checker.start()

    def _stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
        if self._checker is not None:
            self._checker.stop(0)
        self._watcher = self._checker = self._known = None
        self._checked.clear()

    def _changed(self, seq: int, found: dict[str, int]) -> None:
        """Hand a batch on to the loops, from the watcher's thread."""
        with self._lock:
            self._known = found if seq < self._seq else {**(self._known or {}), **found}
            self._seq = seq
            listeners = list(self._listeners)
        for loop, members in _by_loop(listeners):
            _call(loop, _offer, members, seq, found)

    def _close_all(self, reason: str) -> None:
        for loop, members in _by_loop(list(self._listeners)):
            _call(loop, _close, members, reason)

    def _check(self) -> None:
        """End the streams of those who may no longer see the dashboard; each is asked about now and then."""
        try:
            if conf.DASHBOARD_REQUIRE_LOGIN:
                with muted():
                    self._deny_some()
        finally:
            connections.close_all()

    def _deny_some(self) -> None:
        for visitor in self._due():
            if not still_may(visitor):
                self._deny(visitor)

    def _due(self) -> list[Visitor]:
        now = time.monotonic()
        with self._lock:
            present = {listener.visitor for listener in self._listeners}
            self._checked = {each: self._checked.get(each, now) for each in present}
            # Half, as up to the other half passes until the answer: the rounds come every second.
            most = conf.DASHBOARD_CHECK_SECONDS - min(1.0, conf.DASHBOARD_CHECK_SECONDS / 2)
            due = [each for each, last in self._checked.items() if now - last >= most]
            self._checked.update(dict.fromkeys(due, now))
        return due

    def _deny(self, visitor: Visitor) -> None:
        members = [listener for listener in list(self._listeners) if listener.visitor == visitor]
        for loop, those in _by_loop(members):
            _call(loop, _close, those, "denied")


def _by_loop(listeners: Iterable[Listener]) -> Iterable[tuple[asyncio.AbstractEventLoop, list[Listener]]]:
    loops: dict[asyncio.AbstractEventLoop, list[Listener]] = {}
    for listener in listeners:
        loops.setdefault(listener.loop, []).append(listener)
    return loops.items()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., object], *args: object) -> None:
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:  # that loop has ended, and its streams with it
        return


def _offer(listeners: list[Listener], seq: int, found: dict[str, int]) -> None:
    for listener in listeners:
        listener.offer(seq, found)


def _close(listeners: list[Listener], reason: str) -> None:
    for listener in listeners:
        listener.close(reason)


hub = Hub()
