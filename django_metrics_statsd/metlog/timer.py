"""Timing a block or a function in whole milliseconds; each block keeps its own time."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from contextvars import ContextVar
from functools import wraps
from time import perf_counter
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from asgiref.sync import iscoroutinefunction

P = ParamSpec("P")
R = TypeVar("R")

#: A context remembers this many running blocks; more are left by blocks that ended elsewhere.
_MAX_RUNNING = 64


class TimingClient(Protocol):
    """What a timer needs of its client."""

    def wants_timer(self, name: str, rate: float) -> bool:
        """Say whether this run of the timer is to be recorded."""
        ...

    @property
    def timer_send(self) -> Callable[..., None]:
        """Send a timer message."""
        ...


class Timing:
    """One run of a timed block. `start` is None if not recorded; `result` is in milliseconds."""

    __slots__ = ("result", "start")

    def __init__(self, recorded: bool) -> None:
        self.start = perf_counter() if recorded else None
        self.result: int | None = None


class Timer:
    """Context manager (sync and async) and decorator that sends a ``timer`` message at the end.

    One timer may be shared by threads and tasks: what runs is kept in a context variable, not here.
    ``result`` is the time of the block that ended last; ``with timer as timing`` gives one's own.
    """

    __slots__ = ("_data", "_latest", "client", "name", "rate", "result")

    def __init__(
        self,
        client: TimingClient,
        name: str,
        *,
        logger: str | None = None,
        severity: int | None = None,
        fields: Mapping[str, Any] | None = None,
        rate: float = 1.0,
    ) -> None:
        self.client, self.name, self.rate = client, name, rate
        self._data = {"logger": logger, "severity": severity, "fields": fields}
        self._latest: Timing | None = None
        self.result: int | None = None

    def begin(self) -> Timing:
        """Start a run, or draw that this one is not recorded."""
        return Timing(self.client.wants_timer(self.name, self.rate))

    def end(self, timing: Timing) -> None:
        """End a run and send its time."""
        if timing.start is None or timing.result is not None:
            return
        self.result = timing.result = round(1000 * (perf_counter() - timing.start))
        self.client.timer_send(self.name, timing.result, rate=self.rate, **self._data)

    def __enter__(self) -> Timing:
        timing = self._latest = self.begin()
        _running.set((*_running.get()[1 - _MAX_RUNNING :], (self, timing)))
        return timing

    def __exit__(self, *exc_info: object) -> None:
        timing = _take(self) or self._latest
        if timing is not None:
            self.end(timing)

    async def __aenter__(self) -> Timing:
        return self.__enter__()

    async def __aexit__(self, *exc_info: object) -> None:
        self.__exit__()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` timed per call: a coroutine until awaited, a generator until exhausted.

        Raises:
            ValueError: `function` cannot be called.
        """
        if not callable(function):
            raise ValueError(f"a timer cannot wrap {function!r}, which cannot be called")
        wrap = _plain
        if iscoroutinefunction(function):
            wrap = _coroutine
        elif inspect.isgeneratorfunction(function):
            wrap = _generator
        return cast("Callable[P, R]", wrap(self, function))


_running: ContextVar[tuple[tuple[Timer, Timing], ...]] = ContextVar("metlog_timers", default=())


def _take(timer: Timer) -> Timing | None:
    """Remove and return the innermost run of `timer` in this context."""
    running = _running.get()
    for index in range(len(running) - 1, -1, -1):
        if running[index][0] is timer:
            _running.set(running[:index] + running[index + 1 :])
            return running[index][1]
    return None


def _plain(timer: Timer, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Any:
        timing = timer.begin()
        try:
            return function(*args, **kwargs)
        finally:
            timer.end(timing)

    return timed


def _coroutine(timer: Timer, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        timing = timer.begin()
        try:
            return await function(*args, **kwargs)
        finally:
            timer.end(timing)

    return timed


def _generator(timer: Timer, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        timing = timer.begin()
        try:
            return (yield from function(*args, **kwargs))
        finally:
            timer.end(timing)

    return timed
