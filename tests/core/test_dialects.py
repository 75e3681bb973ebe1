from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.clients import dialects
from django_metrics_statsd.clients.dialects import TOGETHER, Dialect, is_number, member, number, rate_suffix

STYLES = [None, "datadog", "influxdb", "graphite"]
ANYTHING = st.text()
TAGS = st.lists(st.tuples(ANYTHING, ANYTHING), max_size=4).map(tuple)

#: What a line may be, per style: a name with its tags, one value, a type, a rate, the tags of DogStatsD.
NAME, WORD, NUMBER = r"[\w.\-]+", r"[\w.\-]+", r"[+-]?\d+(\.\d+)?"
LINE = {
    None: rf"{NAME}:{NUMBER}\|(c|g|ms)",
    "datadog": rf"{NAME}:{NUMBER}\|(c|g|ms)(\|#{WORD}:{WORD}(,{WORD}:{WORD})*)?",
    "influxdb": rf"{NAME}(,{WORD}={WORD})*:{NUMBER}\|(c|g|ms)",
    "graphite": rf"{NAME}(;{WORD}={WORD})*:{NUMBER}\|(c|g|ms)",
}


@pytest.mark.parametrize(
    ("style", "head"),
    [
        (None, ("site.hits.status.200.host.a_b", "")),
        ("datadog", ("site.hits", "|#status:200,host:a.b")),
        ("influxdb", ("site.hits,status=200,host=a.b", "")),
        ("graphite", ("site.hits;status=200;host=a.b", "")),
    ],
)
def test_tags_are_written_in_each_servers_way(style: str | None, head: tuple[str, str]) -> None:
    assert Dialect(style, "site").head("hits", (("status", "200"), ("host", "a.b"))) == head


def test_constant_tags_are_on_every_stat_and_give_way_to_its_own() -> None:
    dialect = Dialect("datadog", constant={"env": "prod", "dc": "x"})
    assert dialect.head("hits") == ("hits", "|#env:prod,dc:x")
    assert dialect.head("hits", (("env", "test"),)) == ("hits", "|#env:test,dc:x")


def test_tags_without_a_key_or_value_are_left_out() -> None:
    assert Dialect("datadog").head("hits", (("", "x"), ("y", ""))) == ("hits", "")


def test_values_of_a_tag_are_bounded() -> None:
    dialect = Dialect("datadog", tag_values=2)
    heads = [dialect.head("hits", (("user", str(each)),)) for each in range(4)]
    assert [head[1] for head in heads if head] == [
        "|#user:0",
        "|#user:1",
        "|#user:_overflow",
        "|#user:_overflow",
    ]


@pytest.mark.parametrize("stat", ["", "...", "x" * 300])
def test_what_is_no_name_has_no_head(stat: str) -> None:
    assert Dialect().head(stat) is None


@pytest.mark.parametrize("style", STYLES)
@given(
    stat=ANYTHING,
    tags=TAGS,
    constant=st.dictionaries(ANYTHING, ANYTHING, max_size=2),
    value=st.floats(0, 1e14),
)
def test_no_name_and_no_tag_ends_a_line_or_begins_a_value(
    style: str | None, stat: str, tags: Any, constant: dict[str, str], value: float
) -> None:
    dialect = Dialect(style, "", constant)
    head = dialect.head(stat, tags)
    if head is None:
        return
    assert re.fullmatch(LINE[style], f"{head[0]}:{number(value)}|c{head[1]}", re.ASCII)
    assert re.fullmatch(LINE[style], dialect.gauge(head, value), re.ASCII)
    for line in "\n".join(dialect.timer_lines(head, [value, 1.0], 1, 1432)).split("\n"):
        assert re.fullmatch(LINE[style], line, re.ASCII)


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        (None, "t:0|g\nt:-2.5|g"),
        ("datadog", "t:-2.5|g"),
        ("influxdb", "t:0|g\nt:-2.5|g"),
        ("graphite", "t:0|g\nt:-2.5|g"),
    ],
)
def test_a_negative_gauge_is_a_value(style: str | None, lines: str) -> None:
    assert Dialect(style).gauge(("t", ""), -2.5).replace(TOGETHER, "\n") == lines


@pytest.mark.parametrize(
    ("style", "multi", "lines"),
    [
        (None, False, ["t:1|ms|@0.5", "t:2.5|ms|@0.5"]),
        (None, True, ["t:1|ms|@0.5:2.5|ms|@0.5"]),
        ("datadog", True, ["t:1:2.5|ms|@0.5"]),
    ],
)
def test_timer_lines(style: str | None, multi: bool, lines: list[str]) -> None:
    dialect = Dialect(style, multi=multi)
    written = dialect.timer_lines(("t", ""), [1.0, 2.5], 0.5, 1432)
    assert [line for some in written for line in some.split("\n")] == lines


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.integers(64, 200))
def test_lines_of_several_values_keep_all_of_them_within_the_room(values: list[float], room: int) -> None:
    lines = list(Dialect("datadog", multi=True).timer_lines(("t", "|#a:b"), values, 1, room))
    assert all(len(line) <= room for line in lines)
    written = [value for line in lines for value in line.partition("|")[0].split(":")[1:]]
    assert [float(text) for text in written] == pytest.approx(values, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-3, "-3"),
        (True, "1"),
        (10**14, "100000000000000"),
        (100.0, "100"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0"),
        (1.5e10, "15000000000"),
        (Decimal("1.50"), "1.5"),
    ],
)
def test_numbers_have_no_exponent(value: Any, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("multi", [False, True])
@given(st.lists(st.floats(0, 1e9, exclude_max=True), min_size=1, max_size=20))
def test_times_are_written_to_the_microsecond_or_six_digits(multi: bool, values: list[float]) -> None:
    lines = "\n".join(Dialect(multi=multi).timer_lines(("t", ""), values, 1, 1432))
    written = [text.partition("|")[0] for text in lines.replace("\n", ":").split(":") if text != "t"]
    assert all(re.fullmatch(NUMBER, text) for text in written)
    assert [float(text) for text in written] == pytest.approx(values, rel=1e-5, abs=1e-3)


@given(st.floats(-1e15, 1e15) | st.integers(-(10**15), 10**15))
def test_a_written_number_reads_as_the_same_to_six_decimals(value: float) -> None:
    assert re.fullmatch(NUMBER, number(value))
    assert math.isclose(float(number(value)), value, abs_tol=1e-6)


@pytest.mark.parametrize(
    ("rate", "text"),
    [(1, ""), (2, ""), (0.5, "|@0.5"), (0.25, "|@0.25"), (1 / 3, "|@0.333333"), (1e-9, "|@0.000001")],
)
def test_rates(rate: float, text: str) -> None:
    assert rate_suffix(rate) == text


@given(st.floats(0, 2, exclude_min=True))
def test_a_rate_is_never_nothing_nor_half_written(rate: float) -> None:
    suffix = rate_suffix(rate)
    assert suffix == "" or (re.fullmatch(r"\|@(0\.\d{0,5}[1-9]|1)", suffix) and float(suffix[2:]) > 0)


class Unwilling:
    def __float__(self) -> float:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0, True),
        (-1.5, True),
        (Decimal(1), True),
        (Fraction(1, 3), True),
        (10**15, False),
        (10**400, False),
        (float("nan"), False),
        (float("inf"), False),
        (Decimal("sNaN"), False),
        (1j, False),
        ("1", False),
        (None, False),
        (Unwilling(), False),
    ],
)
def test_what_can_be_sent_as_a_value(value: Any, wanted: bool) -> None:
    assert is_number(value) is wanted


@given(ANYTHING)
def test_a_members_text_cannot_end_a_line(value: str) -> None:
    assert re.fullmatch(r"[\w.\-]{0,200}", member(value), re.ASCII)


def test_remembered_heads_are_forgotten_past_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "_MAX_HEADS", 3)
    dialect = Dialect("datadog")
    heads = [dialect.head("a", (("n", str(number)),)) for number in range(9)]
    assert heads == [("a", f"|#n:{number}") for number in range(9)]
    assert len(dialect._heads) <= 3
