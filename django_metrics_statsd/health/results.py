"""What a check found: a state, how long it took, and what only the trusted may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

#: Stands for "this check gave no value of its own".
NOTHING: Any = object()


class State(StrEnum):
    """``ok``, ``warn`` and ``skipped`` let a site serve; ``fail`` and ``timeout`` do not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    TIMEOUT = "timeout"
    SKIPPED = "skipped"

    @property
    def good(self) -> bool:
        """Whether a load balancer may send visitors."""
        return self not in {State.FAIL, State.TIMEOUT}


#: From harmless to grave.
_GRAVITY = (State.SKIPPED, State.OK, State.WARN, State.TIMEOUT, State.FAIL)


@dataclass(frozen=True, slots=True)
class Result:
    """What one part of a check found.

    Attributes:
        check: the check's name, such as ``databases``: a key of the JSON.
        part: what of it, such as the database's alias; empty where there is only one.
        state: how it went.
        duration_ms: milliseconds it took, or after which nobody waited any more.
        at: when that was known, in seconds since 1970.
        message: what is wrong, for the trusted.
        stacktrace: where, for the trusted.
        details: further values for the trusted, as JSON knows them.
        value: what a check of the site's own returned in place of a state.
        local: whether it is of this process alone.
    """

    check: str
    part: str = ""
    state: State = State.OK
    duration_ms: float = 0.0
    at: float = 0.0
    message: str = ""
    stacktrace: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    value: Any = NOTHING
    local: bool = False

    @property
    def name(self) -> str:
        """The check and its part: ``databases.default``."""
        return f"{self.check}.{self.part}" if self.part else self.check


@dataclass(frozen=True, slots=True)
class Report:
    """What all checks that were asked for found, in their order."""

    results: tuple[Result, ...]

    @property
    def state(self) -> State:
        """The gravest state of all; ``ok`` where everything was skipped or nothing was asked for."""
        worst = worst_of(result.state for result in self.results)
        return State.OK if worst is State.SKIPPED else worst

    def __bool__(self) -> bool:
        """Whether there is anything in it."""
        return bool(self.results)

    @property
    def good(self) -> bool:
        """Whether no check failed or was late."""
        return self.state.good


def unused(name: str, is_used: Callable[[str], bool]) -> str:
    """Return `name`, with a number where that is used."""
    if not is_used(name):
        return name
    return next(each for number in count(2) if not is_used(each := f"{name}_{number}"))


def worst_of(states: Iterable[State]) -> State:
    """Return the gravest of `states`; ``ok`` for none."""
    return max(states, key=_GRAVITY.index, default=State.OK)
