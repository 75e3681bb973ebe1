"""Makes the client that ``STATSD_CLIENT`` names."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.clients.base import BaseClient
from django_metrics_statsd.conf import conf
from django_metrics_statsd.safety import failed


def load_client() -> BaseClient:
    """Return a new client. One that cannot be made is replaced by the null client, and that is logged."""
    clients = [_safely(path) for path in conf.STATSD_CLIENT]
    if len(clients) == 1:
        return clients[0]
    from django_metrics_statsd.clients.fan import FanClient

    return FanClient(clients)


def _safely(path: str) -> BaseClient:
    try:
        return client_class(path)()
    except Exception:
        failed(f"STATSD_CLIENT {path}")
        from django_metrics_statsd.clients.null import StatsClient

        return StatsClient()


def client_class(path: str) -> type[BaseClient]:
    """Return the class that a dotted path names: a module's ``StatsClient``, or the class itself.

    Raises:
        ImproperlyConfigured: there is no such module or class, or it is not a client.
    """
    found = _named(path)
    found = getattr(found, "StatsClient", found)
    if not isinstance(found, type) or not issubclass(found, BaseClient):
        raise ImproperlyConfigured(
            f"STATSD_CLIENT names {path!r}, which is {found!r}. It must be a module with a class "
            "StatsClient, or a class, derived from django_metrics_statsd.clients.base.BaseClient."
        )
    return found


def _named(path: str) -> Any:
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        parent, _, name = path.rpartition(".")
        if error.name is None or not (path + ".").startswith(error.name + "."):
            raise ImproperlyConfigured(f"STATSD_CLIENT names {path!r}: {error}") from error
        try:
            return getattr(import_module(parent), name)
        except (AttributeError, ImportError, ValueError):
            raise ImproperlyConfigured(f"STATSD_CLIENT names {path!r}: {error}.") from error
