"""From what is known of an event to its record: made at the call, finished in the road's thread."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from django_metrics_statsd.hits.events import hooks
from django_metrics_statsd.hits.events.describing import username
from django_metrics_statsd.hits.events.plain import plain, text
from django_metrics_statsd.hits.events.quiet import no_queries
from django_metrics_statsd.hits.making import Origin, address_of
from django_metrics_statsd.hits.plan import planned
from django_metrics_statsd.hits.records import NAME, NOTES, PATH, WORD, EventRecord
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.safety import say_once

SCOPES = ("superuser", "staff", "users", "public")
#: How many groups an event may name.
MAX_GROUPS = 64

_TEXTS = {
    "name": NAME,
    "event_class": NAME,
    "bucket": NAME,
    "notes": NOTES,
    "url": PATH,
    "admin_url": PATH,
    "model": NAME,
    "obj_pk": NAME,
    "method": WORD,
    "path": PATH,
    "ip": WORD,
}


def make(**fields: Any) -> EventRecord:
    """Return a record of now with these fields, each made to fit."""
    identity, time = road.new_id()
    record = EventRecord(identity, time, planned.now.site, **fields)
    fit(record)
    return record


def fit(record: EventRecord) -> None:
    """Make every field what it may be: cut texts, a known scope, names of groups, plain data."""
    with no_queries():
        for field, limit in _TEXTS.items():
            setattr(record, field, text(getattr(record, field), limit))
        record.user = username(record.user)
        record.scope = _scope(record.scope)
        record.groups = _groups(record.groups)
        record.data = plain(record.data)


def _scope(value: Any) -> str:
    if isinstance(value, str) and value in SCOPES:
        return value
    message = "an event has scope %s; it is for superusers only. Write one of %s"
    say_once("hits.scope", message, text(value, WORD), ", ".join(SCOPES))
    return SCOPES[0]


def _groups(value: Any) -> tuple[str, ...]:
    """Return the names of groups. Each has a line of its own in the database, so none has a line feed."""
    message = "an event's groups cannot be read, so nobody sees it by group; give a list of groups or names"
    try:
        names = [_group(group) for group in islice(_each(value), MAX_GROUPS)]
    except Exception:  # a query set that is not loaded, or no iterable at all
        say_once("hits.groups", message)
        return ()
    return tuple(filter(None, names))


def _each(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return [value] if isinstance(value, str) else value


def _group(group: Any) -> str:
    name = group if isinstance(group, str) else getattr(group, "name", group)
    return " ".join(text(name, NAME).splitlines())


def put(record: EventRecord, origin: Origin | None = None) -> None:
    """Put a record on the road."""
    road.put(finish, record, origin)


def finish(record: EventRecord, origin: Origin | None) -> EventRecord | None:
    """Run the hooks; return the record, or None where it is for them alone. In the road's thread."""
    if origin is not None:
        record.ip = address_of(origin)
    hooks.run(record)
    return None if _is_for_hooks_alone(record.model) else record


def _is_for_hooks_alone(label: str) -> bool:
    unsaved = hooks.planned.now.unsaved
    return bool(unsaved) and (label in unsaved or label.rpartition(".")[2] in unsaved)
