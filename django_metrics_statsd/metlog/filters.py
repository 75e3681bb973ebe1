"""Filter providers: each takes its configuration and returns a function that judges a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django_metrics_statsd.metlog.envelope import Message

Passes = Callable[[Message], bool]


def _names(types: str | Iterable[str]) -> frozenset[str]:
    return frozenset([types] if isinstance(types, str) else types)


def severity_max_provider(severity: int) -> Passes:
    """Pass messages whose severity number is `severity` or lower, so as severe or more."""

    def severity_max(msg: Message) -> bool:
        return bool(msg["severity"] <= severity)

    return severity_max


def type_blacklist_provider(types: str | Iterable[str]) -> Passes:
    """Pass messages of all types but these."""
    refused = _names(types)

    def type_blacklist(msg: Message) -> bool:
        return msg["type"] not in refused

    return type_blacklist


def type_whitelist_provider(types: str | Iterable[str]) -> Passes:
    """Pass messages of these types only."""
    allowed = _names(types)

    def type_whitelist(msg: Message) -> bool:
        return msg["type"] in allowed

    return type_whitelist


def type_severity_max_provider(types: Mapping[str, Mapping[str, int]]) -> Passes:
    """Pass messages by a limit for each type, as in ``{"oldstyle": {"severity": 4}}``."""
    limits = {name: severity_max_provider(**config) for name, config in types.items()}

    def type_severity_max(msg: Message) -> bool:
        passes = limits.get(msg["type"])
        return passes is None or passes(msg)

    return type_severity_max
