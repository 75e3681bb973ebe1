"""What ``TOOLBAR_STATSD`` may be."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.conf import conf
from django_metrics_statsd.kinds_toolbar import TOOLBAR

SEED = {
    "graphite": "https://graphite-phx.mozilla.org/render/",
    "roots": {
        "timers": ["stats.timers.addons-dev", "stats.timers.addons"],
        "counts": ["stats.addons-dev", "stats.addons"],
    },
}


def test_the_seeds_own_example(settings: Any) -> None:
    settings.TOOLBAR_STATSD = SEED
    assert conf.TOOLBAR_STATSD == {**SEED, "links": {}}


@pytest.mark.parametrize("empty", [None, {}, {"roots": {}}, {"links": {}}, {"graphite": ""}])
def test_all_of_it_is_optional(empty: Any) -> None:
    cleaned = TOOLBAR.clean(empty)
    assert "graphite" not in cleaned
    assert not any(cleaned.values())


def test_links_and_tuples() -> None:
    cleaned = TOOLBAR.clean({"roots": {"gauges": ("a",)}, "links": {"Grafana": "https://g/?q={key}"}})
    assert cleaned == {"roots": {"gauges": ["a"]}, "links": {"Grafana": "https://g/?q={key}"}}


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ([], "dictionary"),
        ("https://graphite/", "dictionary"),
        ({"grafite": "https://g/"}, "'grafite'"),
        ({"graphite": "javascript:alert(1)"}, "graphite"),
        ({"graphite": "/render"}, "graphite"),
        ({"graphite": 5}, "graphite"),
        ({"graphite": "http://["}, "Invalid"),
        ({"roots": []}, "'roots'"),
        ({"roots": None}, "'roots'"),
        ({"roots": {"timer": ["a"]}}, "'timer'"),
        ({"roots": {"timers": "stats.timers"}}, "'roots'"),
        ({"roots": {"timers": [5]}}, "'roots'"),
        ({"roots": {"timers": 5}}, "'roots'"),
        ({"roots": {"timers": None}}, "'roots'"),
        ({"links": ["https://g/"]}, "'links'"),
        ({"links": {"x": "javascript:alert(1)"}}, "'x'"),
        ({"links": {"x": None}}, "'x'"),
    ],
)
def test_wrong_ones_are_named(value: Any, word: str, settings: Any) -> None:
    with pytest.raises(ValueError, match=word):
        TOOLBAR.clean(value)
    settings.TOOLBAR_STATSD = value
    assert not conf.TOOLBAR_STATSD.get("roots")
