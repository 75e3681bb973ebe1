"""Keeps the toolbar's own work out of the site's stats."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django_metrics_statsd.observation import Observation, current


@contextmanager
def muted() -> Iterator[None]:
    """While the block runs, what this package's patches see in this thread or task is not emitted."""
    before = current.get()
    current.set(Observation(muted=True))
    try:
        yield
    finally:
        current.set(before)


class QuietStore:
    """A toolbar's store whose queries and cache calls are in nobody's stats.

    The toolbar writes to its store before, during and after a request; with ``DatabaseStore`` or
    ``CacheStore`` the patches would time that as the site's own.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return _quiet(found) if callable(found) else found


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with muted():
            return function(*args, **kwargs)

    return quiet
