"""What travels: hits, events and browser timings, as msgspec records with a version and limits.

A record is made in the background thread of a site's process, packed, and validated again where it is
read. The fields of a hit are those of django-watchtower's "Collected data", with native types. New fields
go to the end of a class and have a default, so that older records can still be read; a change that
cannot be made that way gets a new tag.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

#: Characters that a text may have. What a site sends is cut to this; what is longer is not ours.
PATH = 1_024
AGENT = 512
NAME = 255
WORD = 64
NOTES = 10_000
#: Bytes of an event's data, as JSON.
DATA = 8_192
#: Bytes of a packed record: more than the longest texts and data can be.
PACKED = 131_072
#: The largest number that all storages hold.
LARGEST = 2**63 - 1

Path = Annotated[str, Meta(max_length=PATH)]
Agent = Annotated[str, Meta(max_length=AGENT)]
Name = Annotated[str, Meta(max_length=NAME)]
Word = Annotated[str, Meta(max_length=WORD)]
Notes = Annotated[str, Meta(max_length=NOTES)]
Whole = Annotated[int, Meta(ge=0, le=LARGEST)]
Milliseconds = Annotated[float, Meta(ge=0, le=1e12)]
Moment = Annotated[datetime, Meta(tz=True)]


class UserAgent(msgspec.Struct):
    """What the user-agents package knows of a user agent; empty texts for what it does not."""

    os: str = ""
    os_version: str = ""
    browser: str = ""
    browser_version: str = ""
    device: str = ""
    is_pc: bool = False
    is_mobile: bool = False
    is_tablet: bool = False
    is_touch: bool = False
    is_bot: bool = False


class Geo(msgspec.Struct):
    """Where an address is, by a GeoIP2 database; empty texts and None for what it does not know."""

    latitude: float | None = None
    longitude: float | None = None
    postal_code: str = ""
    country_code: str = ""
    country_name: str = ""
    region: str = ""
    dma_code: str = ""
    city: str = ""


class HitRecord(msgspec.Struct, tag="hit.1", array_like=True):
    """One request. Times are in milliseconds, sizes in bytes.

    ``route`` is the URL pattern, ``view`` and ``module`` name the view. ``ip`` is empty where it is not
    known or not to be known. ``ua`` and ``geo`` are what the collector adds.
    """

    id: UUID
    time: Moment
    site: Word
    method: Word
    path: Path
    route: Name
    module: Name
    view: Name
    status_code: Annotated[int, Meta(ge=0, le=999)]
    reason_phrase: Name
    request_time: Milliseconds
    doc_size: Whole
    num_queries: Whole
    queries_time: Milliseconds
    ip: Word
    user_agent: Agent
    referer: Path
    user: Name
    is_authenticated: bool
    is_staff: bool
    is_superuser: bool
    ua: UserAgent | None = None
    geo: Geo | None = None


class EventRecord(msgspec.Struct, tag="event.1", array_like=True):
    """Something worth a line: who (``user``) did what (``event_class``) to what (``model``, ``obj_pk``).

    ``scope`` says who may see it: ``superuser``, ``staff``, ``users`` or ``public``, and ``groups`` which
    groups' members may besides. ``data`` is a dictionary that JSON can hold, of at most `DATA` bytes.
    """

    id: UUID
    time: Moment
    site: Word
    name: Name
    event_class: Name = ""
    user: Name = ""
    scope: Word = "superuser"
    groups: tuple[Name, ...] = ()
    bucket: Name = ""
    notes: Notes = ""
    data: dict[str, Any] = {}
    url: Path = ""
    admin_url: Path = ""
    model: Name = ""
    obj_pk: Name = ""
    method: Word = ""
    path: Path = ""
    ip: Word = ""


class TimingRecord(msgspec.Struct, tag="timing.1", array_like=True):
    """What a browser reported of one page: ``values`` has milliseconds by the beacon's short names.

    Such as ``{"timing.loadEventEnd": 812.0, "vitals.LCP": 1204.0}``; counts and types are plain numbers.
    """

    id: UUID
    time: Moment
    site: Word
    client: Word
    route: Name = ""
    device: Word = ""
    country: Word = ""
    connection: Word = ""
    navigation: Word = ""
    values: dict[Word, float] = {}


Record = HitRecord | EventRecord | TimingRecord

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Record)


class Unreadable(ValueError):  # noqa: N818 - it is a word of the house
    """What was carried is no record, or one of a version that this release does not know."""


def pack(record: Record) -> bytes:
    """Return a record as it travels: a msgpack array that begins with its tag and version."""
    return _encoder.encode(record)


def unpack(packed: bytes) -> Record:
    """Read a record and validate it.

    Raises:
        Unreadable: it is none; the message says what is wrong with it.
    """
    if len(packed) > PACKED:
        raise Unreadable(f"{len(packed)} bytes; a record has {PACKED} at most")
    try:
        record: Record = _decoder.decode(packed)
    except msgspec.MsgspecError as error:
        raise Unreadable(_explain(str(error), packed)) from None
    except Exception as error:  # no UTF-8, a time out of range, nested too deep: whatever bytes can do
        raise Unreadable(f"not a record: {type(error).__name__}: {error}") from None
    return record


_KINDS: dict[Any, type[msgspec.Struct]] = {
    kind.__struct_config__.tag: kind for kind in (HitRecord, EventRecord, TimingRecord)
}


def _explain(message: str, packed: bytes) -> str:
    """Return msgspec's message with the field's name instead of its place in the array."""
    place = re.search(r"`\$\[(\d+)\]", message)
    if place is None or place[1] == "0":
        return message
    with suppress(Exception):  # what follows the fault may be worse
        tag = msgspec.msgpack.decode(packed)[0]
        return f"{_KINDS[tag].__struct_fields__[int(place[1]) - 1]}: {message}"
    return message


def as_dict(record: Record) -> dict[str, Any]:
    """Return a record as a dictionary of plain values, ready for JSON: times as ISO 8601, ids as text."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return dict(msgspec.to_builtins(fields))
