"""Connects what makes events, at start."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Model
from django.utils.module_loading import import_string

from django_metrics_statsd.hits import browser
from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.events import hooks, watchers
from django_metrics_statsd.hits.events.tracker import is_model, mqueue_tracker
from django_metrics_statsd.safety import failed

Problem = tuple[str, str]

_connected: dict[type[Model], frozenset[str]] = {}


def connect() -> None:
    """Connect what ``MQUEUE_AUTOREGISTER``, ``MQUEUE_WATCH`` and ``WT_BROWSER`` ask for. Twice is as once."""
    for path, letters in conf.MQUEUE_AUTOREGISTER:
        try:
            model = find_model(path)
        except ValueError:
            failed(f"MQUEUE_AUTOREGISTER {path}")
            continue
        new = letters - mqueue_tracker.registered.get(model, frozenset())
        _connected[model] = _connected.get(model, frozenset()) | new
        mqueue_tracker.register(model, letters)
    for name in conf.MQUEUE_WATCH:
        watchers.connect(name)
    if conf.WT_BROWSER:
        browser.connect()


def disconnect() -> None:
    """Undo what `connect` did, and nothing else."""
    while _connected:
        mqueue_tracker.unregister(*_connected.popitem())
    for name in watchers.WATCHERS:
        watchers.disconnect(name)
    browser.disconnect()


def find_model(path: str) -> type[Model]:
    """Return the model of a dotted path (``shop.models.Book``) or a label (``shop.Book``).

    Raises:
        ValueError: there is none that has a table; the message says why.
    """
    try:
        model: type[Model] = apps.get_model(path) if path.count(".") == 1 else import_string(path)
    except Exception as error:  # whatever importing a module of the site's may raise
        raise ValueError(f"cannot be found: {error}") from error
    if not is_model(model):
        raise ValueError("is no model")
    if model._meta.abstract:
        raise ValueError("is abstract; register the models that inherit from it")
    if model._meta.swapped:
        raise ValueError(f"is replaced by {model._meta.swapped!r}")
    return model


def problems() -> Iterator[Problem]:
    """Yield which models and hooks cannot be had, each with what to do."""
    for path, _ in conf.MQUEUE_AUTOREGISTER:
        try:
            find_model(path)
        except ValueError as error:
            hint = "Write a model of an installed app, as 'shop.models.Book' or 'shop.Book'."
            yield f"MQUEUE_AUTOREGISTER has {path!r}, which {error}.", hint
    yield from hooks.problems()


def remarks() -> Iterator[Problem]:
    """Yield what is in the settings and does nothing."""
    yield from hooks.remarks()
