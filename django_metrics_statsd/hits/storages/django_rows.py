"""From records to rows of the tables in `hits.models`, without a model instance for each.

A hit becomes a tuple in about 4 microseconds; `Model(**fields)` alone takes five times that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter, itemgetter
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any

import msgspec
from django.utils.ipv6 import clean_ipv6_address

from django_metrics_statsd.hits.models import Event, Hit, Stored, Timing
from django_metrics_statsd.hits.records import EventRecord, Geo, HitRecord, Record, TimingRecord, UserAgent
from django_metrics_statsd.hits.storages.texts import UNFIT, fit

#: NUL, which PostgreSQL does not take in a text, as it is written within JSON.
_NUL_IN_JSON = "\\u0000"
_NO_AGENT, _NOWHERE = UserAgent(), Geo()

Row = tuple[Any, ...]
Moment = Callable[[datetime], Any]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_HIT = _names(
    "site method path route module view reason_phrase user_agent referer user "
    "status_code request_time doc_size num_queries queries_time is_authenticated is_staff is_superuser"
)
_AGENT = _names("os os_version browser browser_version device is_pc is_mobile is_tablet is_touch is_bot")
_PLACE = _names("postal_code country_code country_name region dma_code city")
_EVENT = _names("site name event_class user scope bucket notes url admin_url model obj_pk method path")
_TIMING = _names("site client route device country connection navigation")

_of_hit, _of_agent, _of_place = attrgetter(*_HIT), attrgetter(*_AGENT), attrgetter(*_PLACE)
_of_event, _of_timing = attrgetter(*_EVENT), attrgetter(*_TIMING)


def _hit(record: HitRecord, moment: Moment, null: Any) -> Row:
    geo = record.geo or _NOWHERE
    return (
        record.id.hex,
        moment(record.time),
        *_of_hit(record),
        *_of_agent(record.ua or _NO_AGENT),
        *_of_place(geo),
        address(record.ip) or null,
        null if geo.latitude is None else geo.latitude,
        null if geo.longitude is None else geo.longitude,
    )


def _event(record: EventRecord, moment: Moment, null: Any) -> Row:
    groups = "".join(f"\n{name.replace(chr(10), ' ')}" for name in record.groups)
    return (
        record.id.hex,
        moment(record.time),
        *_of_event(record),
        groups and f"{groups}\n",
        _json(record.data),
        address(record.ip) or null,
    )


def _timing(record: TimingRecord, moment: Moment, null: Any) -> Row:
    return (record.id.hex, moment(record.time), *_of_timing(record), _json(record.values))


def _json(value: dict[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


@lru_cache(4_096)
def address(text: str) -> str | None:
    """Return an address as Django writes it into its address fields, or None for what is none."""
    try:
        if ":" in text:
            inet_pton(AF_INET6, text)
            return clean_ipv6_address(text)
        inet_pton(AF_INET, text)
        return text
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Shape:
    """How one kind of record becomes rows.

    Attributes:
        record, model: the kind, and its table.
        fields: the fields of the model in the order of a row.
        make: makes a row of a record; times go through `moment`, what is not known becomes `null`.
        text_fields, texts: where the texts of a row are, and what picks them.
    """

    record: type[Record]
    model: type[Stored]
    fields: tuple[str, ...]
    make: Callable[[Any, Moment, Any], Row]
    text_fields: frozenset[int]
    texts: Callable[[Row], Iterable[str]]

    def row(self, record: Record, moment: Moment, null: Any = None) -> tuple[Row, bool]:
        """Return the row of a record, its texts such that every database can hold them.

        And whether they are plain: of printable characters without a backslash, as nearly all are.
        """
        try:
            row = self.make(record, moment, null)
        except UnicodeEncodeError:  # JSON is UTF-8
            return self.make(fit(record), moment, null), False
        whole = "".join(self.texts(row))
        if whole.isprintable() and "\\" not in whole:
            return row, True
        if UNFIT.search(whole) or _NUL_IN_JSON in whole:
            row = self.make(fit(record), moment, null)
        return row, False


def _shape(record: type[Record], model: type[Stored], fields: Iterable[str], make: Any) -> Shape:
    fields = ("id", "time", *fields)
    kinds = {field.name: field.get_internal_type() for field in model._meta.concrete_fields}
    texts = [at for at, name in enumerate(fields) if kinds[name] in {"CharField", "TextField", "JSONField"}]
    return Shape(record, model, fields, make, frozenset(texts), itemgetter(*texts))


SHAPES = (
    _shape(HitRecord, Hit, (*_HIT, *_AGENT, *_PLACE, "ip", "latitude", "longitude"), _hit),
    _shape(TimingRecord, Timing, (*_TIMING, "values"), _timing),
    _shape(EventRecord, Event, (*_EVENT, "groups_text", "data", "ip"), _event),
)
