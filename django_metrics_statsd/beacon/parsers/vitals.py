"""Reads Web Vitals: ``{"client": "vitals", "metrics": [{"name", "value", …}, …]}``, or one such metric.

The metrics are what the callbacks of the web-vitals package are given; of their keys ``name``, ``value``,
``rating``, ``delta`` and ``navigationType`` are read.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from typing import Any

from django_metrics_statsd.beacon.beacons import Beacon, Refused, connection_of, navigation_type
from django_metrics_statsd.beacon.fields import MAX_CLS, MAX_MS, RATINGS, THRESHOLDS, VITALS


def parse(data: Mapping[str, Any], max_keys: int) -> Beacon:
    """Read one beacon; `max_keys` is how many keys its metrics may have together.

    Raises:
        Refused: it is no such beacon, or has too many keys.
    """
    beacon = Beacon(page=_text(data, "page"), connection=connection_of(data.get("connection")))
    metrics = data.get("metrics", [data])
    if not isinstance(metrics, list) or not all(isinstance(metric, dict) for metric in metrics):
        raise Refused("syntax", "metrics must be a list of objects")
    if sum(len(metric) or 1 for metric in metrics) > max_keys:
        raise Refused("too_many_keys", f"the metrics may have {max_keys} keys together")
    beacon.ignored = bool(metrics) and all(_was_counted(metric) for metric in metrics)
    for metric in metrics:
        _read(beacon, metric)
    return beacon


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _was_counted(metric: dict[str, Any]) -> bool:
    """Whether this reports a change of what was reported before, as its delta is not its whole value."""
    return "delta" in metric and metric["delta"] != metric.get("value")


def _read(beacon: Beacon, metric: dict[str, Any]) -> None:
    if _was_counted(metric):
        return
    try:
        name = _name(metric, beacon.times)
        value = _value(name, metric.get("value"))
    except Refused as error:
        beacon.refused.append(error)
        return
    # Thousandths of CLS, because a StatsD timer of 0.1 is nothing to many a server.
    beacon.times[VITALS + name] = round(1000 * value if name == "CLS" else value)
    try:
        beacon.counts[f"{VITALS}{name}.{_rating(name, value, metric.get('rating'))}"] = 1
    except Refused as error:
        beacon.refused.append(error)
    try:
        if metric.get("navigationType") is not None:
            beacon.navigation = navigation_type("navigationType", metric["navigationType"])
    except Refused as error:
        beacon.refused.append(error)


def _name(metric: dict[str, Any], taken: Container[str]) -> str:
    name = metric.get("name")
    if not isinstance(name, str) or name not in THRESHOLDS:
        raise Refused("unknown_value", f"name must be one of {', '.join(THRESHOLDS)}")
    if VITALS + name in taken:
        raise Refused("repeated", f"{name} may be in a beacon once")
    return name


def _value(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("not_a_number", f"the value of {name} must be a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("not_finite", f"the value of {name} must be finite")
    highest = MAX_CLS if name == "CLS" else MAX_MS
    if not 0 <= value <= highest:
        raise Refused("out_of_range", f"the value of {name} must be from 0 to {highest}")
    return value


def _rating(name: str, value: float, word: Any) -> str:
    """Return the rating that was given or, where none was, what web.dev's thresholds make of the value."""
    if word is None:
        good, fair = THRESHOLDS[name]
        return "good" if value <= good else "needs_improvement" if value <= fair else "poor"
    if not isinstance(word, str) or word not in RATINGS:
        raise Refused("unknown_value", f"the rating of {name} must be one of {', '.join(RATINGS)}")
    return RATINGS[word]
