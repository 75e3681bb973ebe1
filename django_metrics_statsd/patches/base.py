"""A patch: functions of a class replaced once, remembered, and put back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

from django_metrics_statsd.conf import conf

_MISSING = object()


class _Replaced(NamedTuple):
    owner: Any
    name: str
    original: Any
    ours: Any


class Patch:
    """Installs and uninstalls replacements. Installing twice is installing once.

    Patches go on classes, never on instances or per request: every thread and every later instance has
    them, and there is one moment at which they appear.
    """

    def __init__(self) -> None:
        self._replaced: list[_Replaced] = []
        self._lock = threading.Lock()
        self.installed = False

    def install(self) -> None:
        """Put the replacements in place."""
        with self._lock:
            if not self.installed:
                self.installed = True
                self.apply()

    def uninstall(self) -> None:
        """Put back what was there, unless somebody else has replaced it since."""
        with self._lock:
            for owner, name, original, ours in reversed(self._replaced):
                if vars(owner).get(name) is not ours:
                    continue
                if original is _MISSING:
                    delattr(owner, name)
                else:
                    setattr(owner, name, original)
            self._replaced.clear()
            self.installed = False

    def apply(self) -> None:
        """Call `replace` for everything this patch replaces."""
        raise NotImplementedError

    def replace(self, owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
        """Replace ``owner.name`` by ``wrap(owner.name)``, and remember how to undo it."""
        original = vars(owner).get(name, _MISSING)
        ours = wrap(getattr(owner, name))
        setattr(owner, name, ours)
        self._replaced.append(_Replaced(owner, name, original, ours))


def find_patch(path: str) -> Patch:
    """Return the patch that a module offers.

    Raises:
        ImportError: there is no such module, or it needs a package that is not installed.
        AttributeError: the module has no ``patch``.
    """
    patch = import_module(path).patch
    if not isinstance(patch, Patch):
        raise AttributeError(f"{path}.patch is not a {Patch.__module__}.Patch")
    return patch


def wanted_patches() -> Iterator[str]:
    """Yield the dotted path of each patch that the settings ask for."""
    yield from conf.STATSD_PATCHES
    if conf.STATSD_MODEL_SIGNALS:
        yield "django_metrics_statsd.patches.models"
    if conf.STATSD_CELERY_SIGNALS:
        yield "django_metrics_statsd.patches.celery"
