from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_metrics_statsd.patches.base import Patch, find_patch


class Parent:
    def inherited(self) -> str:
        return "inherited"


class Target(Parent):
    def own(self) -> str:
        return "own"


class Loud(Patch):
    def apply(self) -> None:
        for name in ("own", "inherited"):
            self.replace(Target, name, self.louder)

    def louder(self, original: Callable[[Any], str]) -> Callable[[Any], str]:
        return lambda target: original(target).upper()


NOT_A_PATCH = patch = 3


def test_a_patch_is_installed_once_and_undone_to_the_very_same_functions() -> None:
    before, loud = dict(vars(Target)), Loud()
    for _ in range(2):
        loud.install()
        loud.install()
        assert loud.installed
        assert (Target().own(), Target().inherited(), Parent().inherited()) == (
            "OWN",
            "INHERITED",
            "inherited",
        )
        loud.uninstall()
        loud.uninstall()
        assert not loud.installed
        assert dict(vars(Target)) == before


def test_what_somebody_else_has_replaced_since_stays_theirs() -> None:
    before, loud = Target.own, Loud()
    loud.install()
    Target.own = theirs = lambda self: "theirs"  # type: ignore[method-assign]
    loud.uninstall()
    try:
        assert vars(Target)["own"] is theirs
        assert "inherited" not in vars(Target)
    finally:
        Target.own = before  # type: ignore[method-assign]


def test_a_patch_says_what_it_replaces() -> None:
    with pytest.raises(NotImplementedError):
        Patch().apply()


def test_patches_are_found_by_their_module() -> None:
    from django_metrics_statsd.patches import cache, db

    assert find_patch("django_metrics_statsd.patches.db") is db.patch
    assert find_patch("django_metrics_statsd.patches.cache") is cache.patch
    with pytest.raises(ImportError):
        find_patch("django_metrics_statsd.patches.nothing")
    with pytest.raises(AttributeError, match="is not a"):
        find_patch(__name__)
    with pytest.raises(AttributeError):
        find_patch("json")
