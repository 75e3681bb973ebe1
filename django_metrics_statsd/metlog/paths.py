"""From dotted path to object; metlog-py's own paths lead to this package's classes."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

_HERE = "django_metrics_statsd.metlog"
_MODULES = {
    "senders.dev": ("StreamSender", "StdOutSender", "FileSender", "DebugCaptureSender"),
    "senders.udp": ("UdpSender",),
    "senders.logging": ("StdLibLoggingSender",),
    "senders": (
        "StreamSender",
        "StdOutSender",
        "FileSender",
        "DebugCaptureSender",
        "UdpSender",
        "NoSendSender",
    ),
    "filters": (
        "severity_max_provider",
        "type_blacklist_provider",
        "type_whitelist_provider",
        "type_severity_max_provider",
    ),
}

#: metlog-py's path → ours.
OLD_PATHS = {
    f"metlog.{module}.{name}": f"{_HERE}.{module}.{name}"
    for module, names in _MODULES.items()
    for name in names
}
# metlog-py's documentation writes the filters without their ending.
OLD_PATHS |= {old.removesuffix("_provider"): new for old, new in OLD_PATHS.items() if ".filters." in old}


def resolve(what: str, path: Any) -> Any:
    """Return what a dotted path (``package.module.name`` or ``package.module:name``) names.

    Something that is not a string but can be called is returned as it is.

    Raises:
        ImproperlyConfigured: there is no such thing; the message begins with `what`, gives the
            path, and says what may stand there.
    """
    if callable(path):
        return path
    if not isinstance(path, str):
        raise ImproperlyConfigured(f"{what} is {path!r}; write a dotted path.")
    dotted = path.replace(":", ".")
    if dotted.startswith("metlog.senders.zmq"):
        raise ImproperlyConfigured(
            f"{what} is {path!r}, but ZeroMQ is not supported. Use 'metlog.senders.UdpSender' with "
            "host and port, or the path of a sender class of your own."
        )
    try:
        return import_string(OLD_PATHS.get(dotted, dotted))
    except ImportError as error:
        raise ImproperlyConfigured(
            f"{what} is {path!r}, which cannot be found ({error}). Write {_allowed(dotted)}."
        ) from error


def _allowed(dotted: str) -> str:
    kind = "metlog.filters." if "filter" in dotted else "metlog.senders."
    names = [old for old in OLD_PATHS if old.startswith(kind) and old.count(".") == 2]
    return f"one of {', '.join(names)}, or the dotted path of one of your own"
