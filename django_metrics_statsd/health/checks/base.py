"""What a check is, and how one says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from django_metrics_statsd.health import reading, running
from django_metrics_statsd.health.results import Result, State
from django_metrics_statsd.health.running import Finding


class Fail(Finding):
    """It does not work. Any other exception says so too, with a stack trace."""


class Warn(Finding):
    """It works, but somebody should look."""

    state = State.WARN


class Skip(Finding):
    """It cannot be checked here, which is no fault."""

    state = State.SKIPPED


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


@dataclass(kw_only=True)
class Check:
    """One thing to check. Subclass it and write `run`, sync or async.

    Attributes:
        name: the key in the JSON; unset, the class's name in lower case.
        timeout: seconds that each part may take; unset, ``WATCHMAN_TIMEOUT``.
        at_most_every: seconds for which a result is kept at least, where ``WATCHMAN_CACHE_SECONDS`` is not 0.
    """

    #: Whether what it finds is of this process alone, and other processes' results say nothing of it.
    local: ClassVar[bool] = False

    name: str = ""
    timeout: float | None = None
    at_most_every: float = 0.0

    def __post_init__(self) -> None:
        self.name = self.name or type(self).__name__.lower()
        if self.timeout is not None and not (_is_seconds(self.timeout) and self.timeout):
            raise TypeError(f"timeout is {self.timeout!r}; write a number of seconds above 0, or None")
        if not _is_seconds(self.at_most_every):
            raise TypeError(f"at_most_every is {self.at_most_every!r}; write a number of seconds")
        for each in fields(self):
            value = getattr(self, each.name)
            if str(each.type).startswith("tuple") and isinstance(value, str):  # its letters, to Python
                raise TypeError(f"{each.name} is {value!r}; write a list: [{value!r}]")

    def run(self) -> Any:
        """Check, in a thread of its own, with an event loop of its own if this is a coroutine function.

        Return None, or a dictionary of values for the trusted. Raise `Warn`, `Skip` or `Fail` to say that;
        any other exception is a failure too.
        """
        raise NotImplementedError(f"{type(self).__name__} has no run()")

    def parts(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        """Yield a name and a function for each thing that is checked by itself, such as each database."""
        yield "", self.run

    def read(self, part: str, found: Any) -> list[Result]:
        """Make results of what one part's function returned."""
        return [reading.read_status(self.name, part, found)]

    def __call__(self) -> dict[str, Any]:
        """Check here and now, without a deadline, and return what django-watchman's checks do."""
        from django_metrics_statsd.health.formats.json import terse

        found = [result for part, run in self.parts() for result in running.found_by(self, part, run)]
        return terse(found)


class FunctionCheck(Check):
    """A check that is a function without arguments, sync or async, as django-watchman knows them.

    It returns a dictionary whose keys go into the JSON: ``{"search": {"ok": True}}``.
    """

    def __init__(self, function: Callable[[], Any], *, name: str = "", timeout: float | None = None) -> None:
        super().__init__(name=name or getattr(function, "__name__", "check"), timeout=timeout)
        self.function = function

    def run(self) -> Any:
        """Call the function."""
        return self.function()

    def read(self, part: str, found: Any) -> list[Result]:
        """Make a result of each key of what the function returned."""
        return reading.read_shaped(self.name, found)
