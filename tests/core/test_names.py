from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd import names, safety
from django_metrics_statsd.names import (
    MAX_NAME,
    OVERFLOW,
    Names,
    TagValues,
    action_name,
    clean,
    freeze_tags,
    method_name,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("view.shop.detail", "view.shop.detail"),
        ("two words", "two_words"),
        ("tab\t and \n lines", "tab_and_lines"),
        ("a/b", "a-b"),
        ("a:1|c\nadmin.logins", "a_1_c_admin.logins"),
        ("a@b#c,d;e=f", "a_b_c_d_e_f"),
        ("café", "caf_"),
        ("nul\0", "nul_"),
        ("\ud800", "_"),
    ],
)
def test_clean_leaves_what_etsys_daemon_leaves(text: str, wanted: str) -> None:
    assert clean(text) == wanted


@given(st.text())
def test_a_clean_name_has_only_letters_digits_and_three_marks(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_.\-]*", clean(text))
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("prefix", "name"),
    [("", "hits"), ("site", "site.hits"), ("site.", "site.hits"), ("my site", "my_site.hits")],
)
def test_the_prefix_goes_before_the_name_with_a_dot(prefix: str, name: str) -> None:
    assert Names(prefix)("hits") == name


@pytest.mark.parametrize("stat", ["", ".", " . ", "..", "x" * (MAX_NAME + 1)])
def test_what_is_no_name_is_empty(stat: str) -> None:
    assert Names("site")(stat) == ""


def test_the_longest_name_is_a_name() -> None:
    assert Names()("x" * MAX_NAME) == "x" * MAX_NAME


def test_remembered_names_are_bounded() -> None:
    names = Names()
    for number in range(20_000):
        assert names(f"n{number}") == f"n{number}"
    assert max(len(value) for value in vars(names).values() if isinstance(value, dict)) <= 8_192


def test_a_tag_has_so_many_values_and_then_one_more() -> None:
    values = TagValues(2)
    assert [values("k", each) for each in ("a", "b", "c", "a", "d")] == ["a", "b", OVERFLOW, "a", OVERFLOW]
    assert values("other", "c") == "c"


def test_tag_names_are_bounded_too() -> None:
    values = TagValues(2)
    assert [values(key, "v") for key in ("a", "b", "c", "a")] == ["v", "v", OVERFLOW, "v"]


@pytest.mark.parametrize(
    ("tags", "frozen"),
    [
        ({"a": 1}, (("a", "1"),)),
        ([("a", 1), ("b", None)], (("a", "1"), ("b", "None"))),
        (["a:1", "b:x:y", "c"], (("a", "1"), ("b", "x:y"), ("c", ""))),
        ("a:1", (("a", "1"),)),
        ({}, ()),
    ],
)
def test_tags_are_copied_from_whatever_form(tags: Any, frozen: Any) -> None:
    assert freeze_tags(tags) == frozen


def test_equal_values_that_are_written_differently_stay_different() -> None:
    assert freeze_tags({"a": 1}) == (("a", "1"),)
    assert freeze_tags({"a": True}) == (("a", "True"),)
    assert freeze_tags({"a": 1.0}) == (("a", "1.0"),)
    assert freeze_tags({"a": "1"}) is freeze_tags({"a": "1"})


def test_values_without_a_hash_are_written() -> None:
    assert freeze_tags({"a": [1]}) == (("a", "[1]"),)


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("tags", [3, [3], [("a", "b", "c")], {"a": Broken()}, object()])
def test_tags_that_cannot_be_read_are_left_out_and_counted(tags: Any, faults: dict[str, int]) -> None:
    assert freeze_tags(tags) == ()
    assert faults == safety.faults == {"tags": 1}


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]
)
def test_the_nine_methods_keep_their_names(method: str) -> None:
    assert method_name(method) == method


@pytest.mark.parametrize("method", ["get", "BREW", "", None, "X" * 1_000])
def test_other_methods_are_other(method: str | None) -> None:
    assert method_name(method) == "OTHER"


def test_only_viewsets_have_actions() -> None:
    assert action_name(len, "GET") == ""


def test_remembered_tags_are_forgotten_past_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_CACHE_SIZE", 3)
    monkeypatch.setattr(names, "_frozen", {})
    assert [freeze_tags({"a": str(number)}) for number in range(9)] == [
        (("a", str(number)),) for number in range(9)
    ]
    assert len(names._frozen) <= 3
