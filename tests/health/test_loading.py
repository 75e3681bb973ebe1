"""Which checks the settings name."""

from __future__ import annotations

from typing import Any

import pytest

from django_metrics_statsd.health import checks
from django_metrics_statsd.health.checks import Caches, FunctionCheck
from django_metrics_statsd.health.loading import Broken, choose, full_path, loaded, make, path_of
from tests.health import samples


def names() -> list[str]:
    return [named.check.name for named in loaded.now.all]


def test_by_default_caches_databases_and_storage_are_checked() -> None:
    assert names() == ["caches", "databases", "storage"]


def test_a_settings_own_order_is_kept_and_nothing_is_twice(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [
        "storage",
        "watchman.checks.caches",
        "caches",
        "tests.health.samples.my_check",
    ]
    assert names() == ["storage", "caches", "my_check"]


def test_groups_are_ready_made_and_can_be_replaced(settings: Any) -> None:
    assert {name: len(group) for name, group in loaded.now.groups.items()} == {
        "live": 0, "ready": 2, "startup": 2,
    }  # fmt: skip
    settings.WATCHMAN_GROUPS = {"ready": ["storage"], "worker": ["tests.health.samples.Level"]}
    groups = loaded.now.groups
    assert [named.check.name for named in groups["ready"]] == ["storage"]
    assert [named.check.name for named in groups["worker"]] == ["level"]
    assert len(groups["startup"]) == 2


def test_a_check_of_two_groups_is_one_and_shares_its_results() -> None:
    groups = loaded.now.groups
    assert groups["ready"][0] is groups["startup"][0]
    assert groups["ready"][0] in loaded.now.all


def test_options_make_a_check_of_its_own(settings: Any) -> None:
    path = "tests.health.samples.Level"
    settings.WATCHMAN_CHECKS = [path, (path, {"name": "tank", "found": 1}), [path, {"name": "cistern"}]]
    assert names() == ["level", "tank", "cistern"]
    assert [named.check.name for named in choose(loaded.now.all, ["tank"], [])] == ["tank"]
    assert len(list(choose(loaded.now.all, [path], ["cistern"]))) == 2


def test_a_ready_made_object_takes_options_too() -> None:
    made = make(("caches", (("aliases", ("default",)), ("timeout", 1.5))))
    assert isinstance(made, Caches)
    assert (made.aliases, made.timeout) == (("default",), 1.5)
    assert checks.caches.aliases is None


def test_functions_objects_and_classes_may_stand_in_the_settings(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = [samples.my_check, samples.Level, samples.Level(name="well")]
    assert names() == ["my_check", "level", "well"]


def test_a_function_takes_a_name_and_a_limit() -> None:
    made = make(("tests.health.samples.my_check", (("name", "mine"), ("timeout", 2.0))))
    assert isinstance(made, FunctionCheck)
    assert (made.name, made.timeout) == ("mine", 2.0)


@pytest.mark.parametrize(
    ("path", "whole"),
    [
        ("caches", "django_metrics_statsd.health.checks.caches"),
        ("watchman.checks.caches", "django_metrics_statsd.health.checks.caches"),
        ("watchman.decorators.token_required", "django_metrics_statsd.health.decorators.token_required"),
        ("shop.checks.stock", "shop.checks.stock"),
    ],
)
def test_short_names_and_old_paths_become_whole_ones(path: str, whole: str) -> None:
    assert full_path(path) == whole


def test_the_path_of_what_is_no_text() -> None:
    assert path_of(samples.my_check) == "tests.health.samples.my_check"
    assert path_of(samples.Level(name="x")) == "tests.health.samples.Level"


@pytest.mark.parametrize(
    "spec",
    [
        "nowhere.to.be.found",
        "tests.health.samples.runs",
        ("tests.health.samples.Level", (("colour", "red"),)),
        "nix",
    ],
)
def test_what_cannot_be_had_fails_when_it_is_run(settings: Any, spec: Any) -> None:
    settings.WATCHMAN_CHECKS = [spec if isinstance(spec, str) else (spec[0], dict(spec[1]))]
    (named,) = loaded.now.all
    assert isinstance(named.check, Broken)
    with pytest.raises((ImportError, TypeError)):
        make(spec)
