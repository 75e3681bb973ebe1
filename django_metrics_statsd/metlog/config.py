"""Clients from configuration: a dictionary, or INI text."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.metlog.client import MetlogClient
from django_metrics_statsd.metlog.envelope import SEVERITY, text
from django_metrics_statsd.metlog.ini import dict_from_stream_config
from django_metrics_statsd.metlog.paths import resolve

__all__ = [
    "client_from_dict_config",
    "client_from_stream_config",
    "client_from_text_config",
    "dict_from_stream_config",
    "nest_prefixes",
]


def client_from_dict_config(
    config: Mapping[str, Any], client: MetlogClient | None = None, clear_global: bool = False
) -> MetlogClient:
    """Return a client made from a dictionary, which is left as it is.

    The keys, all optional: ``logger``, ``severity``, ``disabled_timers`` (see `MetlogClient`);
    ``sender``, a dictionary with ``class`` (a dotted path), ``args`` and keyword arguments for it;
    ``filters``, pairs of a provider's dotted path and its keyword arguments; ``plugins``, by name
    pairs of a provider's dotted path and its configuration; ``global``, values for
    ``CLIENT_HOLDER.global_config``. A key such as ``sender_host`` is short for ``host`` in
    ``sender``; so it is with ``global_``.

    Args:
        config: the configuration.
        client: a client to configure anew, instead of making one.
        clear_global: whether earlier ``global`` values are forgotten.

    Raises:
        ImproperlyConfigured: a class or provider cannot be found or refuses its arguments.
        SyntaxError: a plugin's name is taken and its configuration has no ``override``.
    """
    config = nest_prefixes(_copied(config))
    as_json = json.dumps(config, default=text)
    _apply_global(config.get("global", {}), clear_global)
    client = MetlogClient() if client is None else client
    client.setup(
        _made_sender(config.get("sender", {})),
        config.get("logger", ""),
        config.get("severity", SEVERITY.INFORMATIONAL),
        config.get("disabled_timers"),
        [_built("a filter", path, **options) for path, options in config.get("filters", ())],
    )
    for path, options in config.get("plugins", {}).values():
        override = options.pop("override", False)
        client.add_method(_built("a plugin", path, options), override)
    client._config = as_json
    return client


def client_from_stream_config(
    stream: TextIO, section: str, client: MetlogClient | None = None, clear_global: bool = False
) -> MetlogClient:
    """Return a client made from the INI section `section` of `stream` and those belonging to it."""
    config = dict_from_stream_config(stream, section)
    return client_from_dict_config(config, client, clear_global)


def client_from_text_config(
    text: str, section: str, client: MetlogClient | None = None, clear_global: bool = False
) -> MetlogClient:
    """Return a client made from INI text; common indentation is taken away."""
    from textwrap import dedent

    return client_from_stream_config(io.StringIO(dedent(text)), section, client, clear_global)


def nest_prefixes(
    config_dict: dict[str, Any],
    prefixes: Iterable[str] = ("sender", "global"),
    separator: str = "_",
) -> dict[str, Any]:
    """Copy values such as ``sender_host`` to ``host`` in a dictionary ``sender``; return all."""
    for prefix in prefixes:
        start = prefix + separator
        nested = {
            key.removeprefix(start): value for key, value in config_dict.items() if key.startswith(start)
        }
        if nested:
            config_dict[prefix] = {**config_dict.get(prefix, {}), **nested}
    return config_dict


def _copied(value: Any) -> Any:
    """Copy dictionaries and lists all the way down, not what is in them (a stream has no copy)."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copied(item) for item in value]
    return value


def _apply_global(values: Mapping[str, Any], clear: bool) -> None:
    from django_metrics_statsd.metlog.holder import CLIENT_HOLDER

    if clear:
        CLIENT_HOLDER.global_config.clear()
    CLIENT_HOLDER.global_config.update(values)


def _made_sender(options: dict[str, Any]) -> Any:
    if not options:
        return None
    path = options.pop("class", None)
    if path is None:
        raise ImproperlyConfigured(
            f"sender is configured with {sorted(options)}, but without its class. Write, for "
            "example, 'class': 'metlog.senders.StdOutSender'."
        )
    return _built("sender.class", path, *options.pop("args", ()), **options)


def _built(what: str, path: Any, *args: Any, **options: Any) -> Any:
    made = resolve(what, path)
    try:
        return made(*args, **options)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"{what} {path!r} refuses its configuration: {error}") from error
