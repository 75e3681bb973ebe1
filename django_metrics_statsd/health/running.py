"""Runs one part of a check here and now; whatever it does becomes results."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync

from django_metrics_statsd.decorators import muted
from django_metrics_statsd.health.cleaning import cleaned
from django_metrics_statsd.health.reading import shorten, shorten_trace
from django_metrics_statsd.health.results import Result, State

if TYPE_CHECKING:
    from django_metrics_statsd.health.checks.base import Check


class Finding(Exception):  # noqa: N818 - what a check found need not be an error
    """Raised by a check to say what it found, with values for the trusted as keywords."""

    state = State.FAIL

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message, self.details = message, details


def found_by(check: Check, part: str, run: Callable[[], Any], timeout: float | None = None) -> list[Result]:
    """Run one part of `check`, for at most `timeout` seconds if it is a coroutine function; never raise.

    What it does itself (queries, cache calls) is not counted as the site's.
    """
    start = perf_counter()
    with muted():
        try:
            found = _only_results(check.read(part, _call(run, timeout)))
        except Finding as error:
            message = shorten(str(error.message))
            found = [Result(check.name, part, error.state, message=message, details=cleaned(error.details))]
        except _LateError:
            found = [Result(check.name, part, State.TIMEOUT, message=late(timeout))]
        except (Exception, SystemExit) as error:
            found = [_failed(check.name, part, error)]
    duration, now = round(1000 * (perf_counter() - start), 2), time()
    return [replace(result, duration_ms=duration, at=now, local=check.local) for result in found]


def _only_results(found: list[Result]) -> list[Result]:
    if all(isinstance(each, Result) for each in found):
        return list(found)
    raise TypeError("read() has to return a list of Result")


def late(seconds: float | None) -> str:
    """Return the message for a check that took longer than it may."""
    return "It took too long." if seconds is None else f"No answer within {seconds:g} s."


class _LateError(Exception):
    """A coroutine was not done in time (its own TimeoutErrors are failures of another kind)."""


def _call(run: Callable[[], Any], timeout: float | None) -> Any:
    found = run()
    if not inspect.isawaitable(found):
        return found
    # Not asyncio.run: so what the check hands to sync_to_async, such as a query, runs in this thread, which
    # closes its connections.
    return async_to_sync(_within)(found, timeout)


async def _within(awaitable: Any, timeout: float | None) -> Any:  # noqa: ASYNC109 - it is passed on
    try:
        async with asyncio.timeout(timeout) as limit:
            return await awaitable
    except TimeoutError:
        if limit.expired():
            raise _LateError from None
        raise


def _failed(check: str, part: str, error: BaseException) -> Result:
    return Result(
        check,
        part,
        State.FAIL,
        message=shorten(str(error)) or type(error).__name__,
        stacktrace=shorten_trace(traceback.format_exc()),
        details={"exception": type(error).__name__},
    )
