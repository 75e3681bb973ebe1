"""Finds the checks that the settings name; each is made once."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from django_metrics_statsd.health.checks.base import Check, FunctionCheck
from django_metrics_statsd.health.conf import PREFIXES, conf
from django_metrics_statsd.health.constants import DEFAULT_CHECKS, PAID_CHECKS
from django_metrics_statsd.health.kinds import Spec
from django_metrics_statsd.health.results import unused
from django_metrics_statsd.plan import Compiled

_CHECKS = "django_metrics_statsd.health.checks."
GROUPS: dict[str, tuple[Spec, ...]] = {
    "live": (),
    "ready": ("databases", "caches"),
    "startup": ("databases", "migrations"),
}


@dataclass(frozen=True, eq=False)
class Named:
    """A check and the dotted path that the settings have for it."""

    path: str
    check: Check

    def answers_to(self, name: str) -> bool:
        """Whether `name`, from a query string or a command line, is this check's path, old path or name."""
        return name in {self.path, self.check.name} or full_path(name) == self.path


def full_path(path: str) -> str:
    """Return the dotted path for a short name (``caches``) or one of django-watchman's paths."""
    if "." not in path:
        return _CHECKS + path
    top, _, rest = path.partition(".")
    return f"django_metrics_statsd.health.{rest}" if top == "watchman" else path


def path_of(spec: Spec) -> str:
    """Return the dotted path of one entry of the settings."""
    if isinstance(spec, str):
        return full_path(spec)
    if isinstance(spec, tuple):
        return full_path(spec[0])
    named = spec if hasattr(spec, "__qualname__") else type(spec)
    return f"{named.__module__}.{named.__qualname__}"


def make(spec: Spec) -> Check:
    """Make the check that one entry of the settings stands for.

    Raises:
        ImportError: there is nothing of this path.
        TypeError: it is no check, or does not take these options.
    """
    options: dict[str, Any] = {}
    if isinstance(spec, tuple):
        options = dict(spec[1])
    found: Any = import_string(path_of(spec)) if isinstance(spec, str | tuple) else spec
    if inspect.isclass(found):
        found = found(**options)
    elif isinstance(found, Check):
        found = _with(found, options) if options else found
    elif callable(found):
        return FunctionCheck(found, **options)
    if isinstance(found, Check):
        return found
    if callable(found) and not options:
        return FunctionCheck(found)
    raise TypeError(f"{path_of(spec)} is neither a function nor a subclass of Check")


def _with(check: Check, options: dict[str, Any]) -> Check:
    """Return a copy of a ready object that differs in these options."""
    made = copy.copy(check)
    for name, value in options.items():
        if name.startswith("_") or not hasattr(made, name):
            raise TypeError(f"{type(check).__name__} has no option {name!r}")
        setattr(made, name, value)
    made.__post_init__()
    return made


class Broken(Check):
    """Stands in for a check that cannot be made: it fails, saying why."""

    def __init__(self, path: str, error: Exception) -> None:
        super().__init__(name=path.rpartition(".")[2])
        self.error = error

    def run(self) -> None:
        """Raise what stood in the way."""
        raise self.error.with_traceback(None)  # it is raised each time, and would grow


class Loaded:
    """The checks of the settings, in their order, each made at most once for the same path and options.

    Attributes:
        renamed: old and new names of checks whose name another one has.
    """

    def __init__(self) -> None:
        self._made: dict[Any, Named] = {}
        self.renamed: list[tuple[str, str]] = []
        self.all = self._named(_wanted())
        groups = {**GROUPS, **conf.WATCHMAN_GROUPS}
        self.groups = {name: self._named(specs) for name, specs in groups.items()}

    def _named(self, specs: Iterable[Spec]) -> tuple[Named, ...]:
        found: dict[str, Named] = {}
        for named in dict.fromkeys(self._one(spec) for spec in specs):
            alone = self._alone(named, found)
            found[alone.check.name] = alone
        return tuple(found.values())

    def group(self, name: str) -> tuple[Named, ...]:
        """Return the checks of a group; for one that there is not, one that fails."""
        if name in self.groups:
            return self.groups[name]
        error = LookupError(f"WATCHMAN_GROUPS has no group {name!r}")
        return (self._made.setdefault(("group", name), Named(name, Broken(name, error))),)

    def _one(self, spec: Spec) -> Named:
        path = path_of(spec)
        key: tuple[str, str | int] = (path, id(spec))  # two objects of one class, or closures, are two checks
        if isinstance(spec, str | tuple):
            key = (path, "" if isinstance(spec, str) else repr(spec[1]))
        if key not in self._made:
            self._made[key] = Named(path, _make_or_break(spec))
        return self._made[key]

    def _alone(self, named: Named, used: Container[str]) -> Named:
        """Give a check a name of its own among others: under one name, one would hide the other."""
        name = unused(named.check.name, used.__contains__)
        if name == named.check.name:
            return named
        if (named, name) not in self._made:
            self.renamed.append((named.check.name, name))
            check = copy.copy(named.check)
            check.name = name
            self._made[named, name] = Named(named.path, check)
        return self._made[named, name]


def _make_or_break(spec: Spec) -> Check:
    try:
        return make(spec)
    except Exception as error:  # whatever importing a module of the site's, or its own class, may raise
        return Broken(path_of(spec), error)


def _wanted() -> Iterable[Spec]:
    given = conf.WATCHMAN_CHECKS
    if given is not None:
        return given
    return (*DEFAULT_CHECKS, *(PAID_CHECKS if conf.WATCHMAN_ENABLE_PAID_CHECKS else ()))


loaded = Compiled(Loaded, *PREFIXES)


def choose(among: Iterable[Named], only: Iterable[str] | None, skip: Iterable[str]) -> Iterator[Named]:
    """Yield those of `among` that `only` names (None: all) and `skip` does not."""
    names, unwanted = None if only is None else list(only), list(skip)
    for named in among:
        if names is not None and not any(named.answers_to(name) for name in names):
            continue
        if not any(named.answers_to(name) for name in unwanted):
            yield named
