"""Clients by name, as ``logging.getLogger`` has loggers, and what is configured for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_metrics_statsd.metlog.client import MetlogClient


class MetlogClientHolder:
    """Keeps clients while the process lives, so names should be the program's, never data."""

    def __init__(self) -> None:
        self._clients: dict[str, MetlogClient] = {}
        #: Values of the ``global`` part of configurations; ``default`` names the default client.
        self.global_config: dict[str, Any] = {}

    def get_client(self, name: str) -> MetlogClient:
        """Return the client of that name. A new one has no sender until it is configured."""
        client = self._clients.get(name)
        if client is None:  # setdefault: two threads that come here together get the same one
            client = self._clients.setdefault(name, MetlogClient(logger=name))
            self.global_config.setdefault("default", name)
        return client

    def set_client(self, name: str, client: MetlogClient) -> None:
        """Keep a client under a name; the first becomes the default."""
        self._clients[name] = client
        self.global_config.setdefault("default", name)

    def set_default_client_name(self, name: str) -> None:
        """Say which client is the default."""
        self.global_config["default"] = name

    @property
    def default_client(self) -> MetlogClient | None:
        """The default client, if there is one."""
        return self._clients.get(self.global_config.get("default", ""))

    def delete_client(self, name: str) -> None:
        """Forget a client."""
        self._clients.pop(name, None)
        if self.global_config.get("default") == name:
            del self.global_config["default"]


CLIENT_HOLDER = MetlogClientHolder()


def get_client(name: str, config_dict: Mapping[str, Any] | None = None) -> MetlogClient:
    """Return the client of that name, configured if `config_dict` is given.

    Raises:
        ValueError: `config_dict` has another ``logger`` than `name`.
    """
    from django_metrics_statsd.metlog.config import client_from_dict_config

    client = CLIENT_HOLDER.get_client(name)
    if config_dict:
        if config_dict.get("logger") not in {None, "", name}:
            raise ValueError(f"logger is {config_dict['logger']!r}; leave it out or write {name!r}")
        client_from_dict_config({**config_dict, "logger": name}, client)
    return client
