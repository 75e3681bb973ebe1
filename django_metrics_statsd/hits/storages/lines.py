"""Records as InfluxDB line protocol: ``measurement,tag=value field=value,… nanoseconds``.

The format: docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference. Three measurements,
``hits``, ``events`` and ``timings``. A point is known by its measurement, tags and time: the time is that of
the id, which no other record of the machine has (`ids.nanoseconds`), so a record written twice is one point.

A line feed in a text becomes the two characters ``\\n``. InfluxDB would take it as it is, but VictoriaMetrics
ends the line there, drops both halves and answers 204 (1.79.5).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec

from django_metrics_statsd.hits import ids
from django_metrics_statsd.hits.records import EventRecord, HitRecord, Record, TimingRecord
from django_metrics_statsd.hits.storages.tags import (
    EVENT_TAGS,
    HIT_TAGS,
    TIMING_TAGS,
    hit_tags,
    hit_values,
    own_tags,
    ruled,
)
from django_metrics_statsd.hits.storages.texts import fit

#: InfluxDB's limit of a text is 64 KiB; most texts of a record are far below it by their own limits.
MAX_TEXT = 64_000
_CACHE_SIZE = 4_096
_HEAD = str.maketrans({",": "\\,", "=": "\\=", " ": "\\ ", "\n": "\\n"})

#: The fields by measurement and type. A type never changes, as a field cannot have two. `timings` has a
#: float for each of the record's values besides, by its name.
TEXTS = {
    "hits": (
        *("id", "path", "reason_phrase", "ip", "user_agent", "referer", "user"),
        *("os_version", "browser_version", "device"),
        *("postal_code", "country_name", "region", "dma_code", "city"),
    ),
    "events": (
        *("id", "name", "user", "notes", "url", "admin_url", "obj_pk", "path", "ip"),
        *("groups", "data"),
    ),
    "timings": ("id",),
}
FLOATS = {"hits": ("request_time", "queries_time", "latitude", "longitude"), "events": (), "timings": ()}
INTEGERS = {"hits": ("doc_size", "num_queries"), "events": ("count",), "timings": ("count",)}
BOOLEANS = {
    "hits": ("is_staff", "is_superuser", "is_pc", "is_mobile", "is_tablet", "is_touch"),
    "events": (),
    "timings": (),
}


class Lines:
    """Writes records as lines.

    Args:
        prefix: what the measurements' names begin with.
        texts: whether all fields are written. Without, only what can be added up is: times, sizes and counts.
            That is for stores of numbers, which would keep a text as a series of noughts (VictoriaMetrics).
    """

    def __init__(self, prefix: str = "", texts: bool = True) -> None:
        self._prefix = escaped_key(prefix)
        self._texts = texts
        self._known: dict[tuple[object, ...], tuple[str, str]] = {}

    def __call__(self, record: Record) -> bytes:
        """Return the record's line, without a line feed."""
        try:
            line = self._line(record)
            if "\0" not in line and "\\u0000" not in line:
                return line.encode()
        except UnicodeEncodeError:  # half a character, which only direct mode can meet
            pass
        return self._line(fit(record)).encode()

    def _line(self, record: Record) -> str:
        if isinstance(record, HitRecord):
            return self._hit(record)
        return self._event(record) if isinstance(record, EventRecord) else self._timing(record)

    def _hit(self, hit: HitRecord) -> str:
        key = hit_values(hit)
        found = self._known.get(key)
        if found is None:
            found = self._remember(key, hit)
        head, more = found
        numbers = (
            f"request_time={hit.request_time!r},queries_time={hit.queries_time!r},"
            f"doc_size={hit.doc_size}i,num_queries={hit.num_queries}i"
        )
        fields = numbers + hit_texts(hit) + more if self._texts else numbers
        return f"{head} {fields} {ids.nanoseconds(hit.id)}"

    def _remember(self, key: tuple[object, ...], hit: HitRecord) -> tuple[str, str]:
        if len(self._known) >= _CACHE_SIZE:
            self._known.clear()
        found = self._known[key] = self._head("hits", ruled(hit_tags(hit), HIT_TAGS))
        return found

    def _head(self, measurement: str, tags: Iterator[tuple[str, str, str]]) -> tuple[str, str]:
        """Return a line's beginning, and the fields for what the tags only stand for."""
        head, more = self._prefix + measurement, ""
        for name, value, original in tags:
            head += f",{name}={value.translate(_HEAD)}"
            if original:
                more += text(f"{name}_text", original)
        return head, more

    def _event(self, event: EventRecord) -> str:
        head, more = self._head("events", ruled(own_tags(event, EVENT_TAGS), EVENT_TAGS))
        fields = "count=1i"
        if self._texts:
            fields += "".join(text(name, getattr(event, name)) for name in _EVENT_TEXTS)
            fields += text("id", str(event.id)) + more
            fields += text("groups", as_json(event.groups))
            fields += text("data", as_json(event.data))
        return f"{head} {fields} {ids.nanoseconds(event.id)}"

    def _timing(self, timing: TimingRecord) -> str:
        head, more = self._head("timings", ruled(own_tags(timing, TIMING_TAGS), TIMING_TAGS))
        fields = "count=1i"
        for name, value in timing.values.items():
            if math.isfinite(value):
                fields += f",{value_key(name)}={float(value)!r}"
        if self._texts:
            fields += text("id", str(timing.id)) + more
        return f"{head} {fields} {ids.nanoseconds(timing.id)}"


_EVENT_TEXTS = tuple(name for name in TEXTS["events"] if name not in {"id", "groups", "data"})


def hit_texts(hit: HitRecord) -> str:
    """Return a hit's fields that are no numbers to add up, each after a comma."""
    fields = (
        f',id="{hit.id}",is_staff={_boolean(hit.is_staff)},is_superuser={_boolean(hit.is_superuser)}'
        + text("path", hit.path)
        + text("reason_phrase", hit.reason_phrase)
        + text("ip", hit.ip)
        + text("user_agent", hit.user_agent)
        + text("referer", hit.referer)
        + text("user", hit.user)
    )
    if hit.ua is not None:
        fields += _agent(hit)
    return fields if hit.geo is None else fields + _place(hit)


def _agent(hit: HitRecord) -> str:
    ua = hit.ua
    assert ua is not None
    return (
        f",is_pc={_boolean(ua.is_pc)},is_mobile={_boolean(ua.is_mobile)}"
        f",is_tablet={_boolean(ua.is_tablet)},is_touch={_boolean(ua.is_touch)}"
        + text("os_version", ua.os_version)
        + text("browser_version", ua.browser_version)
        + text("device", ua.device)
    )


def _place(hit: HitRecord) -> str:
    geo = hit.geo
    assert geo is not None
    fields = "" if geo.latitude is None else f",latitude={float(geo.latitude)!r}"
    if geo.longitude is not None:
        fields += f",longitude={float(geo.longitude)!r}"
    return (
        fields
        + text("postal_code", geo.postal_code)
        + text("country_name", geo.country_name)
        + text("region", geo.region)
        + text("dma_code", geo.dma_code)
        + text("city", geo.city)
    )


def text(name: str, value: str) -> str:
    """Return a field with a text, after a comma; nothing for an empty one, which the store has no use for."""
    if not value:
        return ""
    if len(value) > MAX_TEXT // 4:
        value = value.encode(errors="surrogatepass")[:MAX_TEXT].decode(errors="ignore")
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    if "\n" in value:
        value = value.replace("\n", "\\\\n")
    return f',{name}="{value}"'


def escaped_key(name: str) -> str:
    """Return a name as it may stand for a measurement or a field; a backslash there cannot always be read."""
    return name.replace("\\", "_").translate(_HEAD)


def value_key(name: str) -> str:
    """Return the field for a browser's value. The values' names have a dot, and no other field's has."""
    return escaped_key(name if "." in name else f"values.{name}")


def as_json(value: Any) -> str:
    """Return a value as JSON; one without anything in it as nothing."""
    return msgspec.json.encode(value).decode() if value else ""


def _boolean(value: bool) -> str:
    return "true" if value else "false"
