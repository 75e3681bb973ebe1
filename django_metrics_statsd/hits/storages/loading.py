"""From ``WT_DATABASES`` to storages."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_metrics_statsd.hits.conf import conf
from django_metrics_statsd.hits.storages.base import Storage

_PACKAGE = "django_metrics_statsd.hits.storages"
TYPES = {
    "django": f"{_PACKAGE}.django.DjangoStorage",
    "influxdb": f"{_PACKAGE}.influxdb.InfluxStorage",
    "clickhouse": f"{_PACKAGE}.clickhouse.ClickHouseStorage",
}


def storage_class(kind: str) -> type[Storage]:
    """Return the class for a ``type``, one of our words or a dotted path.

    Raises:
        ImproperlyConfigured: there is none; the message says what is allowed, or what is to be installed.
    """
    path = TYPES.get(kind, kind)
    if "." not in path:
        raise ImproperlyConfigured(
            f"type {kind!r} is not known; write one of {', '.join(map(repr, TYPES))} or a class's dotted path"
        )
    try:
        found = import_string(path)
    except Exception as error:  # whatever importing a module of the site's may raise
        raise ImproperlyConfigured(f"type {kind!r} cannot be had: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Storage)):
        raise ImproperlyConfigured(f"type {kind!r} is no subclass of {_PACKAGE}.Storage")
    return found


def make_storages() -> list[Storage]:
    """Return a new storage for each entry of ``WT_DATABASES``."""
    return [
        storage_class(str(options["type"]))(alias, options) for alias, options in conf.WT_DATABASES.items()
    ]
