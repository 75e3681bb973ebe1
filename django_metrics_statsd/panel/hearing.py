"""The one listener of all panels: hands each stat, in plain values, to the recorder of its request."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

from django_metrics_statsd import recording
from django_metrics_statsd.clients import window
from django_metrics_statsd.clients.base import SET, TIMER, Record, milliseconds
from django_metrics_statsd.clients.dialects import Dialect, is_number, member
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.conf import conf, on_change
from django_metrics_statsd.metlog.envelope import text
from django_metrics_statsd.names import NO_TAGS, freeze_tags
from django_metrics_statsd.recording import Refused, Stat

_MAX_TEXT = 200

_lock = threading.Lock()
_installed = False


def install() -> None:
    """Listen from now on. Called for each shown request, so that a site without pays nothing."""
    global _installed
    if not _installed:
        with _lock:
            if not _installed:
                statsd.listen(hear)
                _installed = True


def uninstall() -> None:
    """Listen no more (for tests)."""
    global _installed
    with _lock:
        statsd.unlisten(hear)
        _installed = False


def hear(heard: Record) -> None:
    """Record one stat, if its request is being recorded."""
    recorder = recording.present()
    if recorder is not None:
        recorder.keep(plain(recorder.now(), *heard))


def plain(at: float, kind: str, stat: Any, value: Any, rate: Any, tags: Any) -> Stat | Refused:
    """Return a stat of any shape in plain values, or what is wrong with it, as the clients would say."""
    try:
        found = _checked(at, kind, stat, value, rate, tags)
    except Exception:  # the host's own objects, whose operators may raise anything
        found = "value"
    if isinstance(found, Stat):
        return found
    return Refused(at, kind, _short(stat), _short(value if found != "rate" else rate), found)


def _checked(at: float, kind: str, stat: Any, value: Any, rate: Any, tags: Any) -> Stat | str:
    if not isinstance(stat, str):
        return "name"
    if not is_number(rate) or rate <= 0:
        return "rate"
    try:
        name, pairs = _names.named(stat, tags)
    except Exception:
        return "name"
    clean = _value(kind, value)
    if not name or clean is None:
        return "value" if name else "name"
    return Stat(at, kind, name, pairs, min(float(rate), 1.0), clean)


def _value(kind: str, value: Any) -> float | str | None:
    """Return what is sent for a value, or None for what cannot be sent."""
    if kind == SET:
        return None if value is None else member(value) or None
    if isinstance(value, timedelta) and kind == TIMER:
        value = milliseconds(value)
    if not is_number(value) or (kind == TIMER and not 0 <= value < window._MAX_MS):
        return None
    return int(value) if isinstance(value, int) else float(value)


def _short(value: Any) -> str:
    """Return a value as text of a sane length. A name may be a megabyte long."""
    short = text(value if isinstance(value, str) else _Repr(value))[:_MAX_TEXT]
    return short.encode("utf-8", "backslashreplace").decode()


class _Repr:
    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        try:
            return repr(self._value)
        except Exception:
            return f"<{type(self._value).__name__}>"


class _Names:
    """Names and tags as the wire has them, without ``STATSD_PREFIX``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._dialect: Dialect | None = None
        on_change(self.reset, "STATSD_")

    def reset(self) -> None:
        """Look at the settings again."""
        self._dialect = None

    def named(self, stat: str, tags: Any) -> tuple[str, tuple[str, ...]]:
        """Return the name, ``""`` for what is none, and the tags that do not stand in the name."""
        pairs = freeze_tags(tags) if tags else NO_TAGS
        with self._lock:  # a dialect is for one thread at a time
            dialect = self._dialect = self._dialect or _dialect()
            head = dialect.head(stat, pairs)
        if head is None:
            return "", ()
        if dialect.style is None:
            return head[0], ()
        name, *rest = head[0].split(";")
        return name, tuple(rest)


def _dialect() -> Dialect:
    """Return a dialect whose names can be taken apart; without tags, the very one of the clients."""
    if conf.STATSD_TAGS is None:
        return Dialect(None, "", conf.STATSD_CONSTANT_TAGS, conf.STATSD_TAG_VALUES)
    return Dialect("graphite", "", None, conf.STATSD_TAG_VALUES)


_names = _Names()
