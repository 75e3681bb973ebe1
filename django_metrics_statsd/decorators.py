"""Decorators for views."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, TypeVar, cast

from django_metrics_statsd.observation import Observation, current

P = ParamSpec("P")
R = TypeVar("R")


class muted(ContextDecorator):  # noqa: N801 - it is used like a function
    """Leave out what happens in this block, and the request that it is part of."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        observation = current.get()
        if observation is not None:
            observation.muted = True
            self._token = None
        else:
            self._token = current.set(Observation(muted=True))

    def __exit__(self, *error: object) -> None:
        if self._token is not None:
            current.reset(self._token)

    def _recreate_cm(self) -> muted:
        return muted()  # each call of a decorated function has a token of its own


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
