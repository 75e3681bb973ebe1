"""What ``TOOLBAR_STATSD`` may be: where the panel's pictures and links lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django_metrics_statsd.kinds import Kind

KEYS = ("graphite", "roots", "links")
ROOTS = ("timers", "counts", "gauges")


def _clean(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("must be a dictionary with 'graphite', 'roots' and 'links', all optional")
    _only(value, KEYS, "")
    clean: dict[str, Any] = {"roots": _roots(value.get("roots", {})), "links": _links(value.get("links", {}))}
    if value.get("graphite"):
        clean["graphite"] = _url("graphite", value["graphite"])
    return clean


def _only(value: Mapping[Any, Any], allowed: tuple[str, ...], where: str) -> None:
    strange = [key for key in value if key not in allowed]
    if strange:
        raise ValueError(f"has {strange[0]!r}{where}; allowed are {', '.join(allowed)}")


def _roots(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, Mapping):
        raise ValueError("has 'roots' that are no dictionary, such as {'timers': ['stats.timers']}")
    _only(value, ROOTS, " in 'roots'")
    for roots in value.values():
        if not isinstance(roots, list | tuple) or not all(isinstance(root, str) for root in roots):
            raise ValueError("has 'roots' whose values are no lists of strings")
    return {kind: list(roots) for kind, roots in value.items()}


def _links(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("has 'links' that are no dictionary, such as {'Grafana': 'https://…/?q={key}'}")
    return {str(label): _url(f"links[{label!r}]", url) for label, url in value.items()}


def _url(what: str, value: Any) -> str:
    if isinstance(value, str) and urlsplit(value).scheme in {"http", "https"}:
        return value
    raise ValueError(f"has {what} {value!r}, which is no http or https URL")


TOOLBAR = Kind("dict", _clean)
