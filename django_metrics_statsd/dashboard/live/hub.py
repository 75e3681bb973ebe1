"""All open event streams of this process: who listens, what each has not been told yet, who may no longer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from django.db import connections

from django_metrics_statsd import background
from django_metrics_statsd.background import Worker, ending
from django_metrics_statsd.conf import conf as core
from django_metrics_statsd.dashboard.access import Visitor, still_sees
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.live.watcher import Watcher
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.decorators import muted
from django_metrics_statsd.safety import failed


class Listener:
    """One open stream: lives in its event loop, is told of changes there, and keeps only names of widgets.

    Attributes:
        names: the widgets that its visitor may see; of others it is told nothing.
    """

    def __init__(self, visitor: Visitor, since: int, names: frozenset[str]) -> None:
        self.visitor, self.seq, self.names = visitor, since, names
        self.loop = asyncio.get_running_loop()
        self.pending: set[str] = set()
        self.closing: str | None = None
        self._event = asyncio.Event()

    def offer(self, seq: int, found: dict[str, int]) -> None:
        """Take in what changed after what this stream knows of; all of it where the numbers began anew."""
        fresh = {key for key, number in found.items() if number > self.seq or seq < self.seq}
        news = fresh & self.names
        self.seq = seq
        if news:
            self.pending.update(news)
            self._event.set()

    def may_see(self, names: frozenset[str]) -> None:
        """Take in what the visitor may see now; the page is to ask, in vain, for what is gone."""
        gone, self.names = self.names - names, names
        if gone:
            self.pending.update(gone)
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

    def join(self, listener: Listener) -> bool:
        """Have `listener` told of what changed since its number, from now on; False: there are too many."""
        with self._lock:
            if len(self._listeners) >= conf.DASHBOARD_MAX_STREAMS:
                return False
            self._listeners.add(listener)
            self._checked.setdefault(listener.visitor, time.monotonic())
            if self._watcher is None:
                self._start()
            elif self._known is not None and listener.seq <= self._seq:  # it may know more than this process
                listener.offer(self._seq, self._known)
            return True

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
        watcher = Watcher(lambda seq, found: self._changed(watcher, seq, found))
        watcher.start()
        self._watcher = watcher
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

    def _changed(self, watcher: Watcher, seq: int, found: dict[str, int]) -> None:
        """Hand a batch on to the loops, from the watcher's thread; one that was stopped has no say."""
        with self._lock:
            if watcher is not self._watcher:
                return
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
        widgets = dashboard_widget_pool.get_widgets()
        try:
            if conf.DASHBOARD_REQUIRE_LOGIN or any(each.permission for each in widgets.values()):
                with muted():
                    self._ask_about_some(widgets)
        finally:
            connections.close_all()

    def _ask_about_some(self, widgets: Mapping[str, DashboardWidgetBase]) -> None:
        for visitor in self._due():
            try:
                names = still_sees(visitor, widgets)
            except Exception:  # of one user's, say of a backend that asks elsewhere; the others go on
                failed("dashboard.checker")
                connections.close_all()
                continue
            if names is None:
                self._tell(visitor, _close, "denied")
            else:
                self._tell(visitor, _limit, names)

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

    def _tell(self, visitor: Visitor, function: Callable[..., object], what: object) -> None:
        members = [listener for listener in list(self._listeners) if listener.visitor == visitor]
        for loop, those in _by_loop(members):
            _call(loop, function, those, what)


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


def _limit(listeners: list[Listener], names: frozenset[str]) -> None:
    for listener in listeners:
        listener.may_see(names)


def _close(listeners: list[Listener], reason: str) -> None:
    for listener in listeners:
        listener.close(reason)


hub = Hub()
