"""Line protocol: the same line for the same record, few series, and no text that ends a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ua_parser import parse

from django_metrics_statsd.hits import ids
from django_metrics_statsd.hits.records import Geo, HitRecord, UserAgent
from django_metrics_statsd.hits.storages import lines as module
from django_metrics_statsd.hits.storages.families import BROWSERS, SYSTEMS
from django_metrics_statsd.hits.storages.lines import BOOLEANS, FLOATS, INTEGERS, TEXTS, Lines
from django_metrics_statsd.hits.storages.tags import (
    EVENT_TAGS,
    HIT_TAGS,
    TIMING_TAGS,
    device_kind,
    names_a_kind,
)
from tests.hits import samples

if TYPE_CHECKING:
    from django_metrics_statsd.hits.records import Record

AGENTS = Path(__file__).parent / "data" / "user_agents.txt"
TAGS = {"hits": HIT_TAGS, "events": EVENT_TAGS, "timings": TIMING_TAGS}

_KEY = r"(?:[^,= \\]|\\.)+"
_VALUE = r'"(?:[^"\\]|\\.)*"|[^," ]+'
_LINE = re.compile(rf"({_KEY}?)((?:,{_KEY}={_KEY})*) ((?:{_KEY}=(?:{_VALUE}),?)+) (-?\d+)", re.DOTALL)


def read(line: bytes) -> tuple[str, dict[str, str], dict[str, Any], int]:
    """A line's parts, read as the spec says."""
    found = _LINE.fullmatch(line.decode())
    assert found, line
    name, tags, fields, moment = found.groups()
    return (
        name,
        {plain(key): plain(value) for key, value in re.findall(rf",({_KEY})=({_KEY})", tags)},
        {plain(key): typed(value) for key, value in re.findall(rf"({_KEY})=({_VALUE})", fields)},
        int(moment),
    )


def plain(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def typed(text: str) -> Any:
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)


def test_a_line_has_the_fields_and_tags_that_are_promised() -> None:
    whole = {kind: samples.mixed(3)[at] for at, kind in enumerate(("hits", "events", "timings"))}
    whole["hits"].geo = Geo(1.0, 2.0, "p", "GB", "n", "r", "d", "c")  # type: ignore[union-attr]
    for kind, record in whole.items():
        name, tags, fields, moment = read(Lines()(record))
        assert (name, moment) == (kind, ids.nanoseconds(record.id))
        assert list(tags) == sorted(TAGS[kind])
        expected = dict.fromkeys(TEXTS[kind], str)
        expected |= dict.fromkeys(FLOATS[kind], float) | dict.fromkeys(INTEGERS[kind], int)
        expected |= dict.fromkeys(BOOLEANS[kind], bool)
        if kind == "timings":
            expected |= dict.fromkeys(("timing.loadEventEnd", "vitals.LCP", "vitals.CLS"), float)
        assert {key: type(value) for key, value in fields.items()} == expected


def test_a_line_does_not_depend_on_what_came_before() -> None:
    records: list[Record] = [*samples.mixed(30), *samples.odd().values()]
    busy = Lines()
    for number in range(6_000):
        busy(samples.hit(view=f"view{number}", method=f"M{number}"))
    assert [busy(record) for record in records] == [Lines()(record) for record in records]
    assert len(busy._known) <= module._CACHE_SIZE


def test_visitors_cannot_make_series() -> None:
    heads = set()
    line = Lines()
    for number in range(500):
        agent = UserAgent(browser=f"Bot{number}", os=f"OS{number}", device=f"D{number}", browser_version="1")
        record = samples.hit(
            method=f"M{number}",
            path=f"/{number}",
            ip=f"10.0.0.{number % 256}",
            user=f"u{number}",
            user_agent=f"a{number}",
            referer=f"r{number}",
            reason_phrase=f"p{number}",
            ua=agent,
            geo=Geo(country_code=f"{number}", city=f"c{number}"),
        )
        _, tags, fields, _ = read(line(record))
        heads.add(tuple(tags.items()))
        assert fields["browser_text"] == f"Bot{number}"
        assert fields["method_text"] == f"M{number}"
    assert len(heads) == 1
    assert ("browser", "_other") in next(iter(heads))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Book updated", True),
        ("Error 404", True),
        ("Жанр", True),
        ("Order 12345 paid", False),
        ("a\nb", False),
        ("x" * 65, False),
        ("ends with \\", False),
        ("\u2028", False),
    ],
)
def test_a_kind_of_event_is_a_tag_and_a_single_thing_is_not(text: str, kind: bool) -> None:
    assert names_a_kind(text) is kind
    _, tags, fields, _ = read(Lines()(samples.event(event_class=text)))
    assert tags["event_class"] == (text if kind else "_other")
    assert fields.get("event_class_text") == (None if kind else text.replace("\n", "\\n"))


def test_what_is_empty_is_left_out() -> None:
    _, tags, fields, _ = read(Lines()(samples.hit(view="", referer="", user="", ua=None, geo=None)))
    assert "view" not in tags
    assert not {"referer", "user", "browser", "is_pc", "city"} & {*tags, *fields}


def test_numbers_alone_are_all_there_is_where_texts_cannot_be_kept() -> None:
    numbers = [set(read(Lines(texts=False)(record))[2]) for record in samples.mixed(3)]
    assert numbers == [
        {"request_time", "queries_time", "doc_size", "num_queries"},
        {"count"},
        {"count", "timing.loadEventEnd", "vitals.LCP", "vitals.CLS"},
    ]


def test_values_that_are_no_numbers_or_bear_our_names_do_no_harm() -> None:
    values = {"a.nan": float("nan"), "a.inf": float("-inf"), "id": 1.0, "count": 2, "time": 3.0, "": 4.0}
    record = samples.timing(values=values)
    fields = read(Lines()(record))[2]
    assert fields == {
        "count": 1,
        "id": str(record.id),
        "values.id": 1.0,
        "values.count": 2.0,
        "values.time": 3.0,
        "values.": 4.0,
    }


def test_a_prefix_begins_each_name() -> None:
    names = [read(Lines("web. x")(record))[0] for record in samples.mixed(3)]
    assert names == ["web.\\ xhits", "web.\\ xevents", "web.\\ xtimings"]


def test_a_text_beyond_the_servers_limit_is_cut_between_characters() -> None:
    groups = tuple("🍵" * 255 for _ in range(70))
    line = Lines()(samples.event(groups=groups))
    text = read(line)[2]["groups"]
    assert module.MAX_TEXT - 4 <= len(text.encode()) <= module.MAX_TEXT
    assert set(text) <= {"🍵", '"', ",", "["}


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_comes_through(text: str, name: str) -> None:
    record = samples.hit(path=text, view=name, site=name)
    line = Lines()(record)
    assert b"\n" not in line
    _, tags, fields, moment = read(line)
    shown = text.replace("\0", "\ufffd").replace("\n", "\\n")
    assert fields.get("path", "") == shown
    kept = name.replace("\0", "\ufffd").replace("\n", "\\n")
    assert tags.get("view", "") in {kept, "_other"}
    assert fields.get("view_text", tags.get("view", "")) == kept
    assert moment == ids.nanoseconds(record.id)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (UserAgent(is_bot=True, is_mobile=True), "bot"),
        (UserAgent(is_tablet=True, is_touch=True), "tablet"),
        (UserAgent(is_mobile=True), "mobile"),
        (UserAgent(is_pc=True), "pc"),
        (UserAgent(), "other"),
        (None, ""),
    ],
)
def test_a_device_is_of_one_kind(agent: UserAgent | None, kind: str) -> None:
    assert device_kind(samples.hit(ua=agent)) == kind


def test_nearly_all_of_the_agents_that_sites_see_have_a_tag_of_their_own() -> None:
    agents = [parse(line) for line in AGENTS.read_text().split("\n") if line]
    browsers = [found.user_agent.family if found.user_agent else "Other" for found in agents]
    systems = [found.os.family if found.os else "Other" for found in agents]
    assert sum(name in BROWSERS for name in browsers) > 0.9 * len(browsers)
    assert sum(name in SYSTEMS for name in systems) > 0.95 * len(systems)
    assert len(BROWSERS) + len(SYSTEMS) < 300


def test_a_record_is_not_changed() -> None:
    record = next(iter(samples.unencodable().values()))
    assert isinstance(record, HitRecord)
    path = record.path
    Lines()(record)
    assert record.path == path
