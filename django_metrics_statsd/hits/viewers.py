"""Who may see which events: those of a scope that is theirs, and those that name a group of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any


class Viewer:
    """A user of Django's, an anonymous one, or None.

    Attributes:
        everything: whether it is a superuser, who sees all events.
        scopes: the scopes whose events this user sees.
        groups: the names of the user's groups, asked of the database once.
    """

    def __init__(self, user: Any) -> None:
        self.everything = bool(getattr(user, "is_superuser", False))
        self.scopes = ["public"]
        if getattr(user, "is_authenticated", False):
            self.scopes.append("users")
        if getattr(user, "is_staff", False):
            self.scopes.append("staff")
        self._groups = None if self.everything else getattr(user, "groups", None)

    @cached_property
    def groups(self) -> list[str]:
        """The names of the user's groups."""
        return [] if self._groups is None else list(self._groups.values_list("name", flat=True))

    def sees(self, scope: str, groups: Iterable[str]) -> bool:
        """Whether this user may see an event of this scope that names these groups."""
        if self.everything or scope in self.scopes:
            return True
        named = set(groups)
        return bool(named) and not named.isdisjoint(self.groups)
