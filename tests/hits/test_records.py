"""Records travel whole, and what is no record is found out where it is read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.hits.records import (
    PACKED,
    PATH,
    EventRecord,
    Geo,
    HitRecord,
    Unreadable,
    UserAgent,
    as_dict,
    pack,
    unpack,
)
from tests.hits import samples

#: "Collected data" of django-watchtower's README: the promise, key for key.
COLLECTED = {
    "site", "user", "request_time", "status_code", "doc_size", "ip", "user_agent", "method", "view", "module",
    "is_superuser", "is_authenticated", "reason_phrase", "ua", "geo", "is_staff", "referer", "path",
    "queries_time", "num_queries",
}  # fmt: skip
UA = {
    "os_version", "is_pc", "browser_version", "is_mobile", "os", "is_tablet", "is_bot", "device", "is_touch",
    "browser",
}  # fmt: skip
GEO = {
    "latitude", "postal_code", "country_code", "region", "dma_code", "country_name", "longitude", "city",
}  # fmt: skip


def test_a_hit_has_the_keys_of_the_old_package_and_three_more() -> None:
    hit = samples.hit()
    hit.ua, hit.geo = UserAgent(), Geo()
    found = as_dict(hit)
    assert set(found) == COLLECTED | {"id", "time", "route"}
    assert set(found["ua"]) == UA
    assert set(found["geo"]) == GEO


def test_values_are_native() -> None:
    found = as_dict(samples.hit(is_staff=True, is_authenticated=True))
    for name in ("status_code", "doc_size", "num_queries"):
        assert type(found[name]) is int
    for name in ("is_superuser", "is_authenticated", "is_staff"):
        assert type(found[name]) is bool
    assert type(found["request_time"]) is type(found["queries_time"]) is float
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("record", [samples.hit(), samples.event(), samples.timing()])
def test_a_record_comes_back_as_it_went(record: Any) -> None:
    assert unpack(pack(record)) == record


def test_enrichment_travels_too() -> None:
    hit = samples.hit()
    hit.ua, hit.geo = UserAgent(os="Ubuntu", is_pc=True), Geo(latitude=51.5, city="London")
    assert unpack(pack(hit)) == hit


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "truncated"),
        (b"\x00", "Expected `array`"),
        (pack(samples.hit())[:-1], "truncated"),
        (msgspec.msgpack.encode(["hit.2", 1]), "hit.2"),
        (msgspec.msgpack.encode(["hit.1"]), "length"),
        (b"\xff" * 40, "Expected `array`"),
        (b"\x93\xa5hit.1\xa2\xff\xfe\x00", "length"),
    ],
)
def test_what_is_no_record_says_why(packed: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        unpack(packed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", "x" * (PATH + 1)),
        ("status_code", 1_000),
        ("status_code", -1),
        ("request_time", float("inf")),
        ("doc_size", -5),
        ("doc_size", 2**63),
    ],
)
def test_a_record_out_of_its_limits_is_unreadable(field: str, value: Any) -> None:
    hit = samples.hit()
    setattr(hit, field, value)
    with pytest.raises(Unreadable, match=f"^{field}: "):
        unpack(pack(hit))


def _mangled(**changed: Any) -> bytes:
    values = msgspec.msgpack.decode(pack(samples.event()))
    names = EventRecord.__struct_fields__
    for name, value in changed.items():
        values[names.index(name) + 1] = value
    return msgspec.msgpack.encode(values)


@pytest.mark.parametrize(
    "packed",
    [
        _mangled(data={"x": 1})[:-1] + b"\x91" * 2_000,
        _mangled(name=5)[:-3],
        _mangled(name="abc").replace(b"abc", b"\xff\xfe\xfd"),
        b"\x93\xa7event.1\xc4\x02ab\xc7\x0c\xff" + b"\xff" * 12,
        pack(samples.hit()) + b"\x00" * PACKED,
        _mangled(time=msgspec.msgpack.Ext(-1, b"\xff" * 12)),
    ],
    ids=["nested", "wrong and cut off", "no UTF-8", "no time", "too long", "a time out of range"],
)
def test_no_bytes_raise_anything_else(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        unpack(packed)


def test_a_record_of_a_later_release_with_more_fields_can_be_read() -> None:
    hit = samples.hit()
    longer = [*msgspec.msgpack.decode(pack(hit)), "of a later release"]
    assert unpack(msgspec.msgpack.encode(longer)) == hit


@given(st.binary(max_size=300))
def test_any_bytes_are_a_record_or_unreadable(packed: bytes) -> None:
    with suppress(Unreadable):
        assert isinstance(unpack(packed), msgspec.Struct)


def test_fields_and_limits_of_the_table_are_those_of_the_record() -> None:
    from django_metrics_statsd.hits.models import Hit

    columns = {field.name for field in Hit._meta.get_fields()}
    record = set(HitRecord.__struct_fields__) - {"ua", "geo"}
    assert columns == record | UA | GEO
