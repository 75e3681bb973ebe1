"""The client that hands every stat to ``settings.METLOG``, a metlog client.

That may be ours (`django_metrics_statsd.metlog`) or any object with ``incr``, ``timer_send`` and
``metlog``; what it lacks is counted as dropped. Nothing is gathered here: one stat, one message.
"""

from __future__ import annotations

from typing import Any

from django_metrics_statsd.clients.base import (
    COUNTER,
    GAUGE,
    GAUGE_DELTA,
    SET,
    TIMER,
    BaseClient,
    milliseconds,
)
from django_metrics_statsd.clients.dialects import is_number
from django_metrics_statsd.conf import conf
from django_metrics_statsd.metlog.client import MetlogClient, drawn
from django_metrics_statsd.names import Names, freeze_tags
from django_metrics_statsd.recording import passing_on
from django_metrics_statsd.safety import failed, say_once

#: METLOG's method for each kind of stat, and the message type where that method needs one.
_METHODS = {
    COUNTER: ("incr", ""),
    TIMER: ("timer_send", ""),
    GAUGE: ("metlog", "gauge"),
    GAUGE_DELTA: ("metlog", "gauge"),
    SET: ("metlog", "set"),
}
_EXAMPLE = (
    "METLOG = django_metrics_statsd.metlog.client_from_dict_config("
    "{'logger': 'mysite', 'sender': {'class': 'metlog.senders.StdOutSender'}})"
)


class StatsClient(BaseClient):
    """Turns stats into metlog messages: ``counter``, ``timer``, ``gauge`` and ``set``."""

    def __init__(self) -> None:
        super().__init__()
        self._names = Names(conf.STATSD_PREFIX)

    def record(self, kind: str, stat: str, value: Any, rate: float, tags: Any) -> None:
        """Hand one stat to METLOG; what cannot be handed over is dropped and counted."""
        token = passing_on.set(True)  # the panel has heard of this stat; its message is not another
        try:
            dropped = self._hand_over(kind, self._names(stat), value, rate, tags)
        except Exception:
            failed("clients.metlog")
            dropped = "metlog"
        finally:
            passing_on.reset(token)
        if dropped:
            self.counts.drop(dropped)
        else:
            self.counts.sent += 1

    def _hand_over(self, kind: str, name: str, value: Any, rate: float, tags: Any) -> str:
        """Return ``""`` or, in a word, why the stat was not handed over."""
        if not name:
            return "name"
        value = milliseconds(value) if kind == TIMER else value
        if kind != SET and not is_number(value):
            return "value"
        method, kind_of_message = _METHODS[kind]
        call = getattr(conf.METLOG, method, None)
        if call is None:
            say_once("METLOG", "stats for metlog are dropped: %s", problem())
            return "no_metlog"
        fields = self._fields(tags)
        if kind != COUNTER and not drawn(rate):  # metlog draws in incr, and only there
            return ""
        if not kind_of_message:
            call(name, value, rate=rate, **({"fields": fields} if fields else {}))
            return ""
        delta = {"delta": True} if kind == GAUGE_DELTA else {}
        fields = {"name": name, "rate": rate, **delta, **fields}
        call(kind_of_message, payload=str(value), fields=fields)
        return ""

    def _fields(self, tags: Any) -> dict[str, Any]:
        merged = {**conf.STATSD_CONSTANT_TAGS, **dict(freeze_tags(tags) if tags else ())}
        return {"tags": merged} if merged else {}

    def flush(self, timeout: float | None = None) -> bool:
        """Wait for METLOG's sender, where METLOG is of our class."""
        metlog = conf.METLOG
        return metlog.flush(timeout) if isinstance(metlog, MetlogClient) else True

    def telemetry(self) -> dict[str, Any]:
        """Return the counts, with what METLOG itself lost where it is of our class."""
        counts = super().telemetry()
        metlog = conf.METLOG
        if isinstance(metlog, MetlogClient):
            theirs = metlog.telemetry()
            counts.update(packets=theirs["packets"], bytes=theirs["bytes"])
            counts["dropped"].update({f"metlog_{k}": n for k, n in theirs["dropped"].items()})
        return counts

    @property
    def destination(self) -> str:
        """Where the stats go, for people."""
        metlog = conf.METLOG
        sender = getattr(metlog, "sender", metlog)
        return f"metlog ({type(sender).__name__})" if metlog is not None else "metlog (not set)"


def problem() -> str | None:
    """Say what is wrong with the setting ``METLOG`` for this client, or None."""
    metlog = conf.METLOG
    if metlog is None:
        return f"METLOG is not set. Write: {_EXAMPLE}"
    missing = sorted({m for m, _ in _METHODS.values() if not callable(getattr(metlog, m, None))})
    if missing:
        return f"METLOG is {metlog!r}, which has no {', '.join(missing)}. Write: {_EXAMPLE}"
    if isinstance(metlog, MetlogClient) and not metlog.is_active:
        return f"METLOG has no sender, so its messages are dropped. Write: {_EXAMPLE}"
    return None
