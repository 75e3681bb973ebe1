"""The documentation of health, held against the code: checks and options, addresses, formats, states."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from django_metrics_statsd.health import answers, checks, urls
from django_metrics_statsd.health.loading import GROUPS
from django_metrics_statsd.health.results import State
from tests.test_docs_hits import rows

DOCS = Path(__file__).parents[1] / "docs"
#: Every check has these, and the page says so once.
OF_ALL = {"name", "timeout", "at_most_every"}


def ready_made() -> dict[str, type[checks.Check]]:
    found = {name: value for name, value in vars(checks).items() if name.islower() and name in checks.__all__}
    return {name: value if isinstance(value, type) else type(value) for name, value in found.items()}


def test_each_ready_made_check_is_listed_with_its_options_and_their_defaults() -> None:
    table = {first.strip("`"): options for first, _, options in rows("health_checks", "checks")}
    assert sorted(table) == sorted(ready_made())
    for name, kind in ready_made().items():
        fields = {
            each.name: each for each in dataclasses.fields(kind) if each.init and each.name not in OF_ALL
        }
        named = set(re.findall(r"``([a-z]+)``", table[name])) - {"default"}
        assert named == fields.keys(), name
        for option, default in re.findall(r"``(\w+)`` \(([\d.]+|True)\)", table[name]):
            assert repr(fields[option].default) == default, (name, option)


def test_each_address_is_listed() -> None:
    listed = [first.strip("`").removeprefix("watchman/") for first, *_ in rows("health", "addresses")]
    assert {str(each.pattern) for each in urls.urlpatterns} == set(listed) - {
        "the view ``bare_status``, where you put it"
    }


def test_each_format_is_listed() -> None:
    table = {first.strip("`"): accept for first, accept, _ in rows("health", "formats")}
    assert table.keys() == answers._WRITERS.keys()
    assert all(f"``{kind}``" in table[name] for kind, name in answers.TYPES.items() if ";" not in kind)


def test_each_state_and_each_group_is_explained() -> None:
    text = (DOCS / "health.rst").read_text()
    assert [state for state in State if f"\n``{state}``\n    " not in text] == []
    assert [name for name in GROUPS if f"``{name}``" not in text] == []
