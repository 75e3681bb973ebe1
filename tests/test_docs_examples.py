"""The examples in the documentation of hits and events are run: settings, events, hooks, callbacks."""

from __future__ import annotations

import ast
import logging.config
from pathlib import Path
from typing import Any

from django_metrics_statsd.hits import events
from django_metrics_statsd.hits.conf import all_settings
from django_metrics_statsd.hits.records import EventRecord
from django_metrics_statsd.hits.storages.loading import TYPES, storage_class
from django_metrics_statsd.hits.testing import capture_records
from tests.test_docs import DOCS, examples
from tests.test_docs_hits import PAGES, by_page


def assignments(page: Path) -> list[dict[str, Any]]:
    """The settings in each example of a page that is nothing but settings."""
    found = []
    for block in examples(page):
        tree = ast.parse(block)
        names = [getattr(node.targets[0], "id", "") for node in tree.body if isinstance(node, ast.Assign)]
        if names and len(names) == len(tree.body) and all(name.isupper() for name in names):
            space: dict[str, Any] = {}
            exec(compile(tree, page.name, "exec"), space)
            found.append({name: space[name] for name in names})
    return found


@by_page
def test_settings_in_examples_have_values_that_they_may_have(page: Path, settings: Any) -> None:
    known = {setting.name: setting for setting in all_settings()}
    for example in assignments(page):
        for name, value in example.items():
            if name in known:
                setattr(settings, name, value)
                assert known[name].problem() is None, f"{name} = {value!r}"


@by_page
def test_storages_in_examples_have_options_that_they_may_have(page: Path) -> None:
    for example in assignments(page):
        for alias, options in example.get("WT_DATABASES", {}).items():
            if options["type"] not in TYPES:
                continue
            problems = [said for said, _ in storage_class(options["type"]).problems(alias, options)]
            assert [said for said in problems if "which is not in DATABASES" not in said] == []


def test_there_are_examples_of_settings() -> None:
    assert sum(len(assignments(page)) for page in PAGES) > 15


def test_the_example_of_a_models_callback_works() -> None:
    (block,) = (each for each in examples(DOCS / "events.rst") if "def event(self, evt, op)" in each)
    (method,) = (
        node
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.FunctionDef) and node.name == "event"
    )
    space: dict[str, Any] = {}
    exec(compile(ast.Module([method], []), "events.rst", "exec"), space)

    class Book:
        title, secret = "Emma", False

    with capture_records() as records:
        events.record_event("Emma")
        event: Any = records.settle()[0]
    assert space["event"](Book(), event, "create").notes == "created: Emma"
    Book.secret = True
    assert space["event"](Book(), event, "create") is None


def test_the_example_of_a_hook_works() -> None:
    (block,) = (each for each in examples(DOCS / "events.rst") if "def save(event, conf)" in each)
    posted: list[tuple[str, str]] = []
    space: dict[str, Any] = {"post_to": lambda *said: posted.append(said)}
    exec(block, space)
    with capture_records() as records:
        events.record_event("It broke", "Log ERROR")
        space["save"](records.settle()[0], {"path": "shop.chat", "room": "alerts"})
    assert posted == [("alerts", "It broke at ")]


def test_the_example_of_an_event_works() -> None:
    block, *_ = examples(DOCS / "events.rst")
    space: dict[str, Any] = {}
    exec(block, space)

    class Order:
        pk, total = 7, 12

        def pay(self) -> None:
            self.paid = True

    with capture_records() as records:
        space["pay"](None, Order())
    (event,) = records
    assert isinstance(event, EventRecord)
    assert (event.name, event.event_class, event.data) == ("Order paid", "Order", {"total": "12"})


def test_the_example_of_the_log_works() -> None:
    (example,) = (each["LOGGING"] for each in assignments(DOCS / "events.rst") if "LOGGING" in each)
    handler = example["handlers"]["events"]
    configurator: Any = logging.config.DictConfigurator({"version": 1})
    made = configurator.configure_handler(dict(handler))
    assert isinstance(made, events.EventLogHandler)
    made.close()
