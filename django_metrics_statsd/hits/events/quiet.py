"""Code of the site's, run so that it cannot ask a database.

An event must not cost the request a query, and a query that fails in the middle of a transaction would break
it. A model's ``__str__`` or ``get_absolute_url`` may well follow a foreign key, so while we ask them, the
connections of this thread give no cursor. Django's test cases refuse databases in the same place. Execute
wrappers would come too late: a query refused there is counted by ``assertNumQueries`` all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

_METHODS = ("cursor", "chunked_cursor")


class QueryRefused(Exception):  # noqa: N818 - it is an answer, no fault
    """An event was being described, which must not cost a query."""


class _Here(threading.local):
    quiet = False


_here = _Here()


@contextmanager
def no_queries() -> Iterator[None]:
    """Let every query of this thread raise `QueryRefused` while the block runs."""
    if _here.quiet:
        yield
        return
    held = [each for each in connections.all() if _hold(each)]
    _here.quiet = True
    try:
        yield
    finally:
        _here.quiet = False
        for connection in held:
            _release(connection)


def _hold(connection: Any) -> bool:
    """Put our methods before the connection's; say whether they were not there yet.

    Threads share a connection in Django's live server tests. Then ours may be there already, and may stay a
    moment longer than this thread needs: they go on to the connection's own unless their thread is quiet.
    """
    own = vars(connection)
    if any(hasattr(own.get(name), "metrics_original") for name in _METHODS):
        return False
    for name in _METHODS:
        own[name] = _refusing(getattr(connection, name), own.get(name))
    return True


def _release(connection: Any) -> None:
    own = vars(connection)
    for name in _METHODS:
        ours = own.pop(name, None)
        before = getattr(ours, "metrics_original", None)
        if before is not None:
            own[name] = before


def _refusing(method: Callable[..., Any], original: Any) -> Callable[..., Any]:
    def refuse(*args: Any, **kwargs: Any) -> Any:
        if _here.quiet:
            raise QueryRefused
        return method(*args, **kwargs)

    refuse.metrics_original = original  # type: ignore[attr-defined]
    return refuse
