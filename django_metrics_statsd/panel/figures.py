"""From what was heard to what is stored: plain lists and dictionaries that JSON gives back as they were."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django_metrics_statsd.clients.base import COUNTER, GAUGE, GAUGE_DELTA, SET, TIMER
from django_metrics_statsd.panel.hearing import plain
from django_metrics_statsd.recording import Message, Recorder, Stat

#: How many rows each table has, how many bars the waterfall, and how many members of a set are named.
MAX_ROWS = 1_000
MAX_MEMBERS = 50
_MAX_PAYLOAD = 2_000

Row = dict[str, Any]
Key = tuple[str, tuple[str, ...], float]


def summary(recorder: Recorder) -> dict[str, Any]:
    """Return all that the panel shows of one request; times are in milliseconds."""
    messages = [_decoded(message) for message in recorder.messages]
    stats = [*recorder.stats, *_from_messages(recorder.messages, messages)]
    tables: dict[str, list[Row]] = {
        "timers": sorted(_rows(stats, _timer, TIMER), key=lambda row: -row["sum"]),
        "bars": [_bar(stat) for stat in stats if stat.kind == TIMER],
        "counters": sorted(_rows(stats, _counter, COUNTER), key=_by_name),
        "gauges": sorted(_rows(stats, _gauge, GAUGE, GAUGE_DELTA), key=_by_name),
        "sets": sorted(_rows(stats, _set, SET), key=_by_name),
        "refused": [each._asdict() for each in recorder.refused],
        "messages": [row for row in messages if row],
    }
    return {
        "heard": len(stats),
        "lost": recorder.lost,
        "left_out": {name: len(rows) - MAX_ROWS for name, rows in tables.items() if len(rows) > MAX_ROWS},
        **{name: rows[:MAX_ROWS] for name, rows in tables.items()},
    }


def _by_name(row: Row) -> tuple[str, list[str]]:
    return row["name"], row["tags"]


def _rows(stats: Iterable[Stat], make: Callable[[list[Stat]], Row], *kinds: str) -> Iterator[Row]:
    """Yield a row for each series of these kinds, made by `make` of the series' stats."""
    series: dict[Key, list[Stat]] = {}
    for stat in stats:
        if stat.kind in kinds:
            rate = stat.rate if stat.kind in {TIMER, COUNTER} else 1
            series.setdefault((stat.name, stat.tags, rate), []).append(stat)
    for (name, tags, rate), members in series.items():
        yield {"name": name, "tags": list(tags), "rate": rate, **make(members)}


def _timer(stats: list[Stat]) -> Row:
    values = sorted(float(stat.value) for stat in stats)
    count, total = len(values), math.fsum(values)
    return {
        "count": count,
        "sum": total,
        "lower": values[0],
        "mean": total / count,
        "p95": values[math.ceil(0.95 * count) - 1],  # nearest rank: a value that did occur
        "upper": values[-1],
    }


def _counter(stats: list[Stat]) -> Row:
    return {"calls": len(stats), "sum": sum(float(stat.value) for stat in stats)}


def _gauge(stats: list[Stat]) -> Row:
    """Return the last value, or the change when the gauge was only changed."""
    value, change = 0.0, True
    for stat in stats:
        if stat.kind == GAUGE:
            value, change = 0.0, False
        value += float(stat.value)
    return {"calls": len(stats), "value": value, "change": change}


def _set(stats: list[Stat]) -> Row:
    members = sorted({str(stat.value) for stat in stats})
    return {"calls": len(stats), "distinct": len(members), "members": members[:MAX_MEMBERS]}


def _bar(stat: Stat) -> Row:
    """Return where a timing stands in the request: a time is sent when it ends."""
    duration = float(stat.value)
    return {"name": stat.name, "tags": list(stat.tags), "start": stat.at - duration, "duration": duration}


def _decoded(message: Message) -> Row:
    try:
        found = json.loads(message.text)
        fields = found.get("fields") or {}
        return {
            "at": message.at,
            "type": str(found.get("type", "")),
            "name": str(fields.get("name", "")),
            "payload": str(found.get("payload", ""))[:_MAX_PAYLOAD],
            "fields": json.dumps(fields)[:_MAX_PAYLOAD],
            "severity": str(found.get("severity", "")),
            "logger": str(found.get("logger", "")),
            "rate": _rate(fields),
        }
    except (ValueError, AttributeError, RecursionError):  # another sender's idea of a message
        return {}


def _rate(fields: Row) -> float:
    rate = fields.get("rate", 1)
    return rate if isinstance(rate, float | int) and math.isfinite(rate) else 1


def _from_messages(messages: Iterable[Message], rows: Iterable[Row]) -> Iterator[Stat]:
    """Yield the counters and timers that code has sent by metlog itself, not by our handle."""
    for message, row in zip(messages, rows, strict=True):
        kind = {"counter": COUNTER, "timer": TIMER}.get(row.get("type", ""))
        if kind is None or not message.own:
            continue
        try:
            stat = plain(message.at, kind, row["name"], float(row["payload"]), row["rate"], None)
        except ValueError:
            continue
        if isinstance(stat, Stat):
            yield stat
