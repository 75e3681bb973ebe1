"""The calls that metlog has in common with `logging`, and the guard that all calls stand behind."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from django_metrics_statsd.metlog.envelope import SEVERITY, text

P = ParamSpec("P")


class _Loses(Protocol):
    def lost(self, reason: str, /) -> None: ...


C = TypeVar("C", bound=_Loses)


def guarded(method: Callable[Concatenate[C, P], None]) -> Callable[Concatenate[C, P], None]:
    """Count what `method` raises as a lost message instead of passing it on."""

    @wraps(method)
    def safe(self: C, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:
            self.lost("message")

    return safe


class OldStyle:
    """One method per severity, for text: messages of the type ``oldstyle``.

    The arguments are those of `logging`: values for the ``%`` signs of `msg`, and `exc_info` (True,
    an exception, or what ``sys.exc_info()`` returns) to add a traceback. Other keyword arguments
    are ignored.
    """

    metlog: Callable[..., None]
    lost: Callable[[str], None]

    def debug(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text with severity DEBUG (7)."""
        self._oldstyle(SEVERITY.DEBUG, msg, args, kwargs)

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text with severity INFORMATIONAL (6)."""
        self._oldstyle(SEVERITY.INFORMATIONAL, msg, args, kwargs)

    def warn(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text with severity WARNING (4)."""
        self._oldstyle(SEVERITY.WARNING, msg, args, kwargs)

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text with severity ERROR (3)."""
        self._oldstyle(SEVERITY.ERROR, msg, args, kwargs)

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text and the traceback with severity ALERT (1), as metlog-py does."""
        self._oldstyle(SEVERITY.ALERT, msg, args, {"exc_info": True, **kwargs})

    def critical(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Send text with severity CRITICAL (2)."""
        self._oldstyle(SEVERITY.CRITICAL, msg, args, kwargs)

    @guarded
    def _oldstyle(
        self, severity: int, msg: object, args: tuple[object, ...], options: Mapping[str, Any], /
    ) -> None:
        payload = _formatted(text(msg), args)
        exc_info = options.get("exc_info")
        if exc_info:
            payload = payload.removesuffix("\n") + "\n" + _traceback(exc_info)
        self.metlog("oldstyle", severity=severity, payload=payload)


def _formatted(msg: str, args: tuple[object, ...]) -> str:
    """Put `args` into `msg` with ``%``, as `logging` does; where they do not fit, behind it."""
    if not args:
        return msg
    values = args[0] if len(args) == 1 and isinstance(args[0], Mapping) else args
    try:
        return msg % values
    except Exception:  # a %s may call any __str__
        return f"{msg} {text(args)}"


def _traceback(exc_info: object) -> str:
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    kind, error, trace = exc_info if isinstance(exc_info, tuple) else sys.exc_info()
    return "".join(traceback.format_exception(kind, error, trace)).removesuffix("\n")
