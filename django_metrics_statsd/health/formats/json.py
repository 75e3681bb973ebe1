"""Reports as JSON, in the shape of django-watchman."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from django_metrics_statsd.health.cleaning import written
from django_metrics_statsd.health.results import NOTHING, Report, Result, State

CONTENT_TYPE = "application/json"


def render(report: Report, *, trusted: bool) -> str:
    """Write a report: ``{"databases": [{"default": {"ok": true, …}}], "storage": {"ok": true, …}}``."""
    return json.dumps(shaped(report.results, trusted=trusted), cls=Encoder)


class Encoder(json.JSONEncoder):
    """Writes as text what JSON has no form for: a check's own `read` may return anything."""

    def default(self, value: Any) -> str:
        """Return something that JSON knows."""
        return written(value)


def shaped(results: Iterable[Result], *, trusted: bool) -> dict[str, Any]:
    """Return what django-watchman does: a status for each check, or a list of one for each part."""
    return _shape(results, partial(_status, trusted=trusted))


def _shape(results: Iterable[Result], write: Callable[[Result], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for result in results:
        status = write(result)
        if result.part:
            parts = found.setdefault(result.check, [])
            if isinstance(parts, list):
                parts.append({result.part: status})
        else:
            found[result.check] = status
    return found


def terse(results: Iterable[Result]) -> dict[str, Any]:
    """Return what django-watchman's own checks return: ``{"storage": {"ok": true}}``.

    A state is named where ``ok`` does not say all, and so are errors; no figures.
    """
    return _shape(results, _terse_status)


def _terse_status(result: Result) -> Any:
    if result.value is not NOTHING:
        return result.value
    status: dict[str, Any] = {"ok": result.state.good}
    if result.state not in {State.OK, State.FAIL}:
        status["state"] = str(result.state)
    return {**status, **_said(result)}


def _status(result: Result, *, trusted: bool) -> Any:
    if result.value is not NOTHING and (trusted or _tells_nothing(result.value)):
        return result.value
    status: dict[str, Any] = {"ok": result.state.good, "state": str(result.state)}
    return {**status, **_for_the_trusted(result)} if trusted else status


def _tells_nothing(value: Any) -> bool:
    """Whether a check's own value is a mere number or yes or no, which strangers may see."""
    return value is None or isinstance(value, bool | int | float)


def _for_the_trusted(result: Result) -> Mapping[str, Any]:
    return {"duration_ms": result.duration_ms, **dict(result.details), **_said(result)}


def _said(result: Result) -> dict[str, str]:
    said = {"message" if result.state.good else "error": result.message, "stacktrace": result.stacktrace}
    return {key: value for key, value in said.items() if value}
