"""Reads what a check returned: values of a class's ``run``, or what django-watchman's checks return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django_metrics_statsd.health import cleaning
from django_metrics_statsd.health.results import Result, State
from django_metrics_statsd.health.secrecy import scrub

#: Characters of a message that are kept, of a stack trace's end, and of a name.
MESSAGE, STACKTRACE, NAME = 500, 8_000, 100
#: Results of one check, and values of one result, that are kept.
MOST = 100
#: Keys of a status as django-watchman's checks give it; all others are details.
_STATUS_KEYS = frozenset({"ok", "state", "error", "message", "stacktrace", "duration_ms"})


def shorten(text: str) -> str:
    """Return a message without secrets, in one line, cut to `MESSAGE` characters."""
    return scrub(cleaning.text(" ".join(text.split())))[:MESSAGE] if text else ""


def shorten_trace(text: str) -> str:
    """Return the end of a stack trace, without secrets."""
    return scrub(cleaning.text(text))[-STACKTRACE:] if text else ""


def label(name: object) -> str:
    """Return a name that can be written, cut to `NAME` characters."""
    return cleaning.text(str(name))[:NAME]


def read_status(check: str, part: str, found: Any) -> Result:
    """Read what one thing's check returned: None, or a dictionary of a status and of values to tell."""
    if found is None:
        return Result(check, part)
    if not isinstance(found, Mapping):
        return Result(check, part, value=cleaning.plain(found))
    details = [(label(key), cleaning.plain(value)) for key, value in found.items() if key not in _STATUS_KEYS]
    return Result(
        check,
        part,
        _state(found),
        message=shorten(str(found.get("error") or found.get("message") or "")),
        stacktrace=shorten_trace(str(found.get("stacktrace") or "")),
        details=dict(details[:MOST]),
    )


def read_shaped(check: str, found: Any) -> list[Result]:
    """Read what a function returned: a dictionary whose keys belong into the JSON.

    ``{"search": {"ok": True}}``, ``{"databases": [{"default": {"ok": True}}]}``, or any other value. A
    status without a name, as the decorator `check` returns for an exception, gets the function's.
    """
    if not isinstance(found, Mapping) or _is_status(found):
        return [read_status(check, "", found)]
    return list(_each(found))[:MOST] or [Result(check)]


def _each(found: Mapping[str, Any]) -> Iterator[Result]:
    for key, value in found.items():
        name = label(key)
        if _is_status(value):
            yield read_status(name, "", value)
        elif _is_list_of_parts(value):
            for entry in value:
                for part, status in entry.items():
                    yield read_status(name, label(part), status)
        else:
            yield Result(name, value=cleaning.plain(value))


def _is_status(value: Any) -> bool:
    """Whether this is ``{"ok": True, …}``, with anything for true or false, and not a check called ``ok``."""
    return isinstance(value, Mapping) and "ok" in value and not isinstance(value["ok"], Mapping)


def _is_list_of_parts(value: Any) -> bool:
    """Whether this is ``[{"default": {"ok": True}}, …]``."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(
            isinstance(entry, Mapping)
            and all(isinstance(status, Mapping) and "ok" in status for status in entry.values())
            for entry in value
        )
    )


def _state(status: Mapping[str, Any]) -> State:
    good = bool(status.get("ok", True))
    given = status.get("state")
    if given in set(State) and State(given).good == good:
        return State(given)
    return State.OK if good else State.FAIL
