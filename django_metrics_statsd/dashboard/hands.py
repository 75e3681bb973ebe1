"""A thread that works for another one, which waits only so long: a widget that hangs holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from django.db import close_old_connections, connections

from django_metrics_statsd.decorators import muted

T = TypeVar("T")
#: Seconds after which an update is given up.
LIMIT = 30.0


class TooLong(Exception):  # noqa: N818 - the work may well succeed, later
    """Nobody waits for it any more."""


class Hands:
    """One thread, and those that were given up in the middle of something, which they may still finish.

    Only one thread may use it, and should call `end` when there is no more work. `limit` is in seconds.
    """

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._hand: _Hand | None = None
        self._busy: dict[str, _Hand] = {}

    def hangs(self, name: str) -> bool:
        """Whether work of this name was given up and still goes on."""
        hand = self._busy.get(name)
        if hand is not None and not hand.is_alive():
            del self._busy[name]
        return name in self._busy

    def do(self, name: str, work: Callable[[], T]) -> T:
        """Return what `work` returns; what it raises is raised.

        Raises:
            TooLong: it has not ended within `limit`; it goes on under this name.
        """
        if self._hand is None or not self._hand.is_alive():
            self._hand = _Hand()
            self._hand.start()
        future = self._hand.give(work)
        try:
            return future.result(self.limit)
        except TimeoutError:
            if future.done():  # the work itself raised that
                raise
            self._busy[name], self._hand = self._hand, None
            self._busy[name].end()
            raise TooLong from None

    def end(self) -> None:
        """Let the thread end when it has nothing more to do."""
        hand, self._hand = self._hand, None
        if hand is not None:
            hand.end()


class _Hand(threading.Thread):
    """The thread: it waits for work until it is told to end."""

    def __init__(self) -> None:
        super().__init__(name="metrics-dashboard-hand", daemon=True)
        self._work: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()

    def give(self, work: Callable[[], T]) -> Future[T]:
        """Have this done."""
        future: Future[T] = Future()
        self._work.put((work, future))
        return future

    def end(self) -> None:
        """Have it end after what it does now."""
        self._work.put(None)

    def run(self) -> None:
        try:
            with muted():
                while (given := self._work.get()) is not None:
                    _do(*given)
        finally:
            connections.close_all()


def _do(work: Callable[[], Any], future: Future[Any]) -> None:
    try:
        close_old_connections()
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
