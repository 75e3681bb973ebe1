"""``MQUEUE_HOOKS``: modules whose ``save(event, conf)`` gets each event, in the road's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import iscoroutinefunction
from typing import Any

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.records import EventRecord, pack, unpack
from django_metrics_statsd.plan import Compiled
from django_metrics_statsd.safety import failed

Save = Callable[[Any, dict[str, Any]], object]
Problem = tuple[str, str]

#: django-mqueue's hook that piped events into Redis. They go the way of hits now, so there is nothing to do.
REDIS_HOOKS = ("mqueue.hooks.redis", "django_metrics_statsd.hits.hooks.redis")


class HooksPlan:
    """The hooks, imported.

    Attributes:
        hooks: for each its name, ``save`` function and options.
        unsaved: names or labels of models whose events go to the hooks alone.
    """

    __slots__ = ("hooks", "unsaved")

    def __init__(self) -> None:
        self.unsaved = conf.MQUEUE_NOSAVE
        self.hooks = list(_load_hooks())


def _load_hooks() -> Iterator[tuple[str, Save, dict[str, Any]]]:
    for name, options in _wanted():
        try:
            yield name, _save_of(options["path"]), options
        except Exception:  # whatever importing a module of the site's may raise
            failed(f"MQUEUE_HOOKS {name}")


def _wanted() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, options in conf.MQUEUE_HOOKS.items():
        if options["path"] not in REDIS_HOOKS:
            yield name, options


def _save_of(path: str) -> Save:
    """Return a hook's function.

    Raises:
        ImportError: there is no such module.
        TypeError: it has no function ``save``, or an asynchronous one, which nobody would await.
    """
    save = getattr(import_module(path), "save", None)
    if not callable(save):
        raise TypeError("has no function save(event, conf)")
    if iscoroutinefunction(save):
        raise TypeError("has an asynchronous save; hooks run in a thread and are plain functions")
    found: Save = save
    return found


planned = Compiled(HooksPlan, "MQUEUE_")


def run(record: EventRecord) -> None:
    """Give each hook a copy of the event. One that fails is counted; the others go on."""
    for name, save, options in planned.now.hooks:
        try:
            save(unpack(pack(record)), dict(options))
        except Exception:
            failed(f"hits.hooks.{name}")


def problems() -> Iterator[Problem]:
    """Yield which hooks cannot be had, each with what to do."""
    for name, options in _wanted():
        path = options["path"]
        hint = f"Write the dotted path of a module with a function save(event, conf) into {name!r}."
        try:
            _save_of(path)
        except ImportError as error:
            yield f"MQUEUE_HOOKS[{name!r}] has path {path!r}, which cannot be imported: {error}.", hint
        except TypeError as error:
            yield f"MQUEUE_HOOKS[{name!r}] has path {path!r}, which {error}.", hint
        except Exception as error:  # what the module itself does wrong
            what = type(error).__name__
            yield f"MQUEUE_HOOKS[{name!r}] has path {path!r}, which fails with {what} when imported.", hint


def remarks() -> Iterator[Problem]:
    """Yield what is in the setting and does nothing."""
    for name, options in conf.MQUEUE_HOOKS.items():
        if options["path"] in REDIS_HOOKS:
            yield (
                f"MQUEUE_HOOKS[{name!r}] has path {options['path']!r}, which is not needed and not used.",
                "Events go the way of hits: through Redis where WT_REDIS is set. Take the entry out.",
            )
