"""Which of the project's databases hold hits and events, by ``WT_DATABASES``. Makes no connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.storages.options import NAME, wrong

OPTIONS = {"hits_db": NAME, "events_db": NAME}
VENDORS = ("postgresql", "mysql", "sqlite")

EVENT = "event"
MODEL_NAMES = ("hit", "timing", EVENT)


def aliases(options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the databases of a django storage's options: of hits and timings, and of events."""
    hits_db = str(options.get("hits_db") or DEFAULT_DB_ALIAS)
    return hits_db, str(options.get("events_db") or hits_db)


def databases_of(model_name: str) -> Iterator[str]:
    """Yield the databases in which django storages keep a model (``hit``, ``timing`` or ``event``).

    The first storage's comes first. One that several storages use comes as often.
    """
    for options in conf.WT_DATABASES.values():
        if is_django(options["type"]):
            yield aliases(options)[model_name == EVENT]


def all_databases() -> set[str]:
    """Return the databases in which django storages keep anything."""
    return {alias for name in MODEL_NAMES for alias in databases_of(name)}


def is_django(kind: str) -> bool:
    """Say whether a ``type`` is the django storage, or a class of the site's that is made of it."""
    if kind == "django" or "." not in kind:
        return kind == "django"
    from django_metrics_statsd.hits.storages.django import DjangoStorage
    from django_metrics_statsd.hits.storages.loading import storage_class

    try:
        return issubclass(storage_class(kind), DjangoStorage)
    except ImproperlyConfigured:  # `manage.py check` says it
        return False


def option_problems(alias: str, options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the options of a django storage."""
    yield from wrong(alias, options, OPTIONS)
    for name in OPTIONS:
        value = options.get(name)
        if isinstance(value, str) and value:
            yield from _database_problems(f"WT_DATABASES[{alias!r}][{name!r}]", value)


def _database_problems(setting: str, alias: str) -> Iterator[tuple[str, str]]:
    if alias not in list(connections):
        known = ", ".join(map(repr, connections))
        yield f"{setting} is {alias!r}, which is not in DATABASES.", f"Write one of {known}, or add it there."
        return
    try:
        vendor = connections[alias].vendor
    except ImproperlyConfigured as error:
        yield f"{setting} is {alias!r}, which cannot be had: {error}", "See DATABASES."
        return
    if vendor not in VENDORS:
        yield (
            f"{setting} is {alias!r}, a database of the kind {vendor!r}, to which hits cannot be written.",
            "Hits and events can be kept in PostgreSQL, MariaDB or MySQL, and SQLite.",
        )
