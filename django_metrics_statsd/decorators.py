"""Decorators for views."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from django_metrics_statsd.observation import Observation, current

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def muted() -> Iterator[None]:
    """Leave out what happens in this block, and the request that it is part of."""
    observation = current.get()
    if observation is not None:
        observation.muted = True
        yield
        return
    token = current.set(Observation(muted=True))
    try:
        yield
    finally:
        current.reset(token)


def exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Leave requests to this view out of everything: counts, times, queries, cache calls and hits.

    For functions, coroutine functions and, with ``method_decorator(exempt, name="dispatch")``,
    class-based views.
    """
    if iscoroutinefunction(view):

        @wraps(view)
        async def aquiet(*args: Any, **kwargs: Any) -> Any:
            with muted():
                return await view(*args, **kwargs)

        return cast("Callable[P, R]", aquiet)

    @wraps(view)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> R:
        with muted():
            return view(*args, **kwargs)

    return quiet
