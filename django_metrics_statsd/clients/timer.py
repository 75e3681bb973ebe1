"""Timing a block, a function, a coroutine or a generator."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from functools import wraps
from time import perf_counter
from typing import Any, ParamSpec, Protocol, Self, TypeVar, cast

from asgiref.sync import iscoroutinefunction

P = ParamSpec("P")
R = TypeVar("R")


class _Timing(Protocol):
    def timing(self, stat: str, delta: float, rate: float = 1, tags: Any = None) -> None: ...


class Timer:
    """Times what happens between entering and leaving, also when that raises.

    As a decorator it makes a fresh timer for each call, so calls in several threads or tasks do not
    disturb each other. ``ms`` holds the time, in milliseconds, once it is known.
    """

    __slots__ = ("_client", "_sent", "_start", "ms", "rate", "stat", "tags")

    def __init__(self, client: _Timing, stat: str, rate: float = 1, tags: Any = None) -> None:
        self._client = client
        self.stat, self.rate, self.tags = stat, rate, tags
        self.ms: float | None = None
        self._start: float | None = None
        self._sent = False

    def start(self) -> Self:
        """Begin, or begin again."""
        self.ms, self._sent = None, False
        self._start = perf_counter()
        return self

    def stop(self, send: bool = True) -> Self:
        """End; with `send`, emit the timing.

        Raises:
            RuntimeError: the timer was not started. (The ``statsd`` package's timer says so too.)
        """
        if self._start is None:
            raise RuntimeError("Timer has not started; call start() or use it in a with statement.")
        self.ms = 1000 * (perf_counter() - self._start)
        if send:
            self.send()
        return self

    def send(self) -> None:
        """Emit the timing, once.

        Raises:
            RuntimeError: there is no timing yet, or it was sent already.
        """
        if self.ms is None:
            raise RuntimeError("No data recorded; call stop() first.")
        if self._sent:
            raise RuntimeError("Already sent data; call start() to time again.")
        self._sent = True
        self._client.timing(self.stat, self.ms, self.rate, self.tags)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *exc_info: object) -> None:
        self.stop()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` timed: a generator until it is exhausted, a coroutine until it is done.

        Raises:
            TypeError: this cannot be called.
        """
        if not callable(function):
            raise TypeError(f"a timer decorates functions and other callables, not {function!r}")
        wrap = next(wrap for test, wrap in _WRAPPERS if test(function))
        return cast("Callable[P, R]", wrap(self._fresh, function))

    def _fresh(self) -> Timer:
        return Timer(self._client, self.stat, self.rate, self.tags)


def _function(fresh: Callable[[], Timer], function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        with fresh():
            return function(*args, **kwargs)

    return timed


def _coroutine(fresh: Callable[[], Timer], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def timed(*args: Any, **kwargs: Any) -> Any:
        with fresh():
            return await function(*args, **kwargs)

    return timed


def _generator(fresh: Callable[[], Timer], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def timed(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with fresh():
            return (yield from function(*args, **kwargs))

    return timed


def _async_generator(fresh: Callable[[], Timer], function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def timed(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with fresh():
            inner = function(*args, **kwargs)
            try:
                item = await anext(inner)
                while True:
                    # An async generator has no `yield from`: hand on what is sent and thrown.
                    try:
                        sent = yield item
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        item = await inner.athrow(error)
                    else:
                        item = await inner.asend(sent)
            except StopAsyncIteration:
                return
            finally:
                await inner.aclose()

    return timed


def _is_coroutine(function: Any) -> bool:
    """Whether calling this gives a coroutine: also where it is marked so (class-based views), and objects."""
    call = getattr(function, "__call__", None)  # noqa: B004
    return iscoroutinefunction(function) or iscoroutinefunction(call)


_WRAPPERS: tuple[tuple[Callable[[Any], bool], Callable[..., Any]], ...] = (
    (_is_coroutine, _coroutine),
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.isgeneratorfunction, _generator),
    (callable, _function),
)
