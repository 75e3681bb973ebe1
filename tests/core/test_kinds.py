from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd import kinds
from django_metrics_statsd.kinds import Kind

GOOD: list[tuple[Kind[Any], Any, Any]] = [
    (kinds.BOOLEAN, True, True),
    (kinds.TEXT, "x", "x"),
    (kinds.URL, None, None),
    (kinds.URL, "udp://host:1", "udp://host:1"),
    (kinds.DOTTED_LIST, ("a.b", "c.d.e"), ["a.b", "c.d.e"]),
    (kinds.DOTTED_LIST, [], []),
    (kinds.CLIENTS, "a.b", ["a.b"]),
    (kinds.CLIENTS, ["a.b", "c.d"], ["a.b", "c.d"]),
    (kinds.PATTERNS, [r"/health/", "^/x$"], [r"/health/", "^/x$"]),
    (kinds.TAGS, {"env": "prod", "shard": 3}, {"env": "prod", "shard": "3"}),
    (kinds.SWITCH, False, False),
    (kinds.SWITCH, len, len),
    (kinds.ANYTHING, 3, 3),
    (kinds.whole(1, 9), 9, 9),
    (kinds.whole(1, 9), " 7 ", 7),
    (kinds.number(0.5, 2), 1, 1.0),
    (kinds.number(0.5, 2), 0.5, 0.5),
    (kinds.one_of(None, "a"), None, None),
    (kinds.one_of(None, "a"), "a", "a"),
    (kinds.LEVELS, False, frozenset()),
    (kinds.LEVELS, True, frozenset({"debug", "info", "warning", "error", "critical"})),
    (kinds.LEVELS, ["ERROR", "critical"], frozenset({"error", "critical"})),
]
BAD: list[tuple[Kind[Any], Any, str]] = [
    (kinds.BOOLEAN, 1, "must be True or False"),
    (kinds.TEXT, None, "must be a string"),
    (kinds.URL, 3, "must be a string"),
    (kinds.URL, "http://host", "has the scheme 'http'"),
    (kinds.DOTTED_LIST, "a.b", "in brackets too"),
    (kinds.DOTTED_LIST, 3, "in brackets too"),
    (kinds.DOTTED_LIST, ["a", "b-c"], "'b-c' is not one"),
    (kinds.CLIENTS, "a..b", "'a..b' is not one"),
    (kinds.CLIENTS, None, "in brackets too"),
    (kinds.PATTERNS, "/x", "in brackets too"),
    (kinds.PATTERNS, None, "in brackets too"),
    (kinds.PATTERNS, ["("], "no regular expression"),
    (kinds.PATTERNS, [3], "must be a string"),
    (kinds.TAGS, ["env:prod"], "such as {'env': 'prod'}"),
    (kinds.TAGS, {1: "x"}, "must be a string"),
    (kinds.SWITCH, "yes", "must be a dotted path"),
    (kinds.SWITCH, None, "must be a dotted path"),
    (kinds.whole(1, 9), 0, "from 1 to 9"),
    (kinds.whole(1, 9), 2.0, "from 1 to 9"),
    (kinds.whole(0, 9), True, "from 0 to 9"),
    (kinds.whole(0, 9), "²", "from 0 to 9"),
    (kinds.whole(0, 9), "-1", "from 0 to 9"),
    (kinds.number(0, 2), float("nan"), "from 0 to 2"),
    (kinds.number(0, 2), 3, "from 0 to 2"),
    (kinds.number(0, 2), "1", "from 0 to 2"),
    (kinds.number(0, 2), True, "from 0 to 2"),
    (kinds.one_of(None, "a"), "b", "one of None, 'a'"),
    (kinds.one_of(None, "a"), [], "one of None, 'a'"),
    (kinds.LEVELS, "error", "list of level names"),
    (kinds.LEVELS, ["loud"], "list of level names"),
    (kinds.LEVELS, None, "list of level names"),
]


@pytest.mark.parametrize(("kind", "value", "clean"), GOOD)
def test_good_values_come_out_clean(kind: Kind[Any], value: Any, clean: Any) -> None:
    assert kind.clean(value) == clean


@pytest.mark.parametrize(("kind", "value", "message"), BAD)
def test_bad_values_are_refused_with_what_is_allowed(kind: Kind[Any], value: Any, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        kind.clean(value)
    assert message in str(caught.value)


def test_a_switch_named_by_its_path_is_imported_when_it_is_first_called() -> None:
    switch = kinds.SWITCH.clean("no.such.module")
    assert callable(switch)
    with pytest.raises(ImportError):
        switch(1)
    length = kinds.SWITCH.clean("builtins.len")
    assert callable(length)
    assert length([1, 2]) == 2
