"""The client: the calls of Mozilla's metlog-py 0.10, none of which raises into its caller."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from random import SystemRandom
from types import MethodType
from typing import Any

from django_metrics_statsd.metlog.envelope import (
    ENV_VERSION,
    SEVERITY,
    Message,
    envelope,
    hostname,
)
from django_metrics_statsd.metlog.oldstyle import OldStyle, guarded
from django_metrics_statsd.metlog.senders import NoSendSender, Sender
from django_metrics_statsd.metlog.timer import Timer
from django_metrics_statsd.safety import Telemetry, failed, say_once

Filter = Callable[[Message], object]

# The system's generator: it needs no seed after a fork and leaves the host's random numbers alone.
_random = SystemRandom().random


class MetlogClient(OldStyle):
    """Makes messages and hands them to a sender, unless a filter says no.

    Args:
        sender: an object with ``send_message(msg)``; without one nothing is sent.
        logger: what messages give as their ``logger``, commonly the application's name.
        severity: the severity (0 to 7) of messages that give none.
        disabled_timers: names of timers that record nothing; ``"*"`` for all.
        filters: functions of a message; one that returns false stops it. They may
            change the message.
    """

    env_version = ENV_VERSION

    def __init__(
        self,
        sender: Sender | None = None,
        logger: str = "",
        severity: int = SEVERITY.INFORMATIONAL,
        disabled_timers: str | Iterable[str] | None = None,
        filters: Iterable[Filter] | None = None,
    ) -> None:
        self.counts = Telemetry()
        self.hostname = hostname()
        #: The configuration that the client was made from, as JSON, to look at.
        self._config = ""
        self._dynamic_methods: dict[str, Callable[..., Any]] = {}
        self.setup(sender, logger, severity, disabled_timers, filters)

    def setup(
        self,
        sender: Sender | None = None,
        logger: str = "",
        severity: int = SEVERITY.INFORMATIONAL,
        disabled_timers: str | Iterable[str] | None = None,
        filters: Iterable[Filter] | None = None,
    ) -> None:
        """Configure anew; the arguments are those of the class. Methods that were added stay."""
        self.sender: Sender = NoSendSender() if sender is None else sender
        self.logger, self.severity = logger, severity
        names = [disabled_timers] if isinstance(disabled_timers, str) else disabled_timers or ()
        self._disabled_timers = frozenset(names)
        self.filters = list(filters or ())

    @property
    def is_active(self) -> bool:
        """Whether there is a sender."""
        return not isinstance(self.sender, NoSendSender)

    def send_message(self, msg: Message) -> None:
        """Put a message through the filters and to the sender. Losses are counted, not raised."""
        try:
            if not all(allows(msg) for allows in self.filters):
                return
        except Exception:
            self.lost("filter")
            return
        if not self.is_active:
            self.counts.drop("no_sender")
            say_once("metlog.sender", "a metlog client has no sender; its messages are dropped")
            return
        try:
            self.sender.send_message(msg)
            self.counts.sent += 1
        except Exception:
            self.lost("sender")

    def lost(self, reason: str) -> None:
        """Count the message of the exception being handled as dropped; log the first per reason."""
        self.counts.drop(reason)
        failed(f"metlog.{reason}")

    def telemetry(self) -> dict[str, Any]:
        """Return ``{"sent", "packets", "bytes", "dropped": {reason: count}}``, sender included."""
        mine = self.counts.as_dict()
        theirs = getattr(self.sender, "counts", None)
        if isinstance(theirs, Telemetry):
            mine.update(packets=theirs.packets, bytes=theirs.bytes)
            mine["dropped"] = {**self.counts.dropped, **theirs.dropped}
        return mine

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until the sender has sent what waits there, at most `timeout` seconds; say if so."""
        flush = getattr(self.sender, "flush", None)
        return flush is None or bool(flush(timeout))

    def add_method(self, method: Callable[..., Any], override: bool | str = False) -> None:
        """Add a function as a method of this client, under its ``metlog_name``.

        Args:
            method: the function; its first argument is the client.
            override: True to replace a method of that name, or the name of the method to replace.

        Raises:
            TypeError: `method` has no ``metlog_name``.
            SyntaxError: the name is taken and `override` is False. (So it is in metlog-py.)
        """
        name = override if isinstance(override, str) else getattr(method, "metlog_name", None)
        if not isinstance(name, str):
            raise TypeError(f"{method!r} is not a function with a metlog_name")
        if override is False and hasattr(self, name):
            raise SyntaxError(f"the client already has {name!r}; give override=True to replace it")
        self._dynamic_methods[name] = method
        setattr(self, name, MethodType(method, self))

    @guarded
    def metlog(
        self,
        type: str,  # noqa: A002 - the name is metlog's
        logger: str | None = None,
        severity: int | None = None,
        payload: object = "",
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """Send one message.

        Args:
            type: what kind of payload this is, such as ``"timer"``.
            logger: who says it; the client's `logger` by default.
            severity: 0 to 7, see `SEVERITY`; the client's `severity` by default.
            payload: the content, sent as a string.
            fields: more values, by name.
        """
        logger = self.logger if logger is None else logger
        severity = self.severity if severity is None else severity
        self.send_message(envelope(type, logger, severity, payload, fields, self.hostname))

    def timer(
        self,
        name: str,
        logger: str | None = None,
        severity: int | None = None,
        fields: Mapping[str, Any] | None = None,
        rate: float = 1.0,
    ) -> Timer:
        """Return a context manager and decorator that sends the milliseconds its block took.

        `rate` is the share (0 to 1) of runs that are recorded, drawn for each run.
        """
        return Timer(self, name, logger=logger, severity=severity, fields=fields, rate=rate)

    def wants_timer(self, name: str, rate: float) -> bool:
        """Say whether a run of the timer is recorded: it is not disabled, and drawn if sampled."""
        disabled = self._disabled_timers
        return not (disabled and ("*" in disabled or name in disabled)) and drawn(rate)

    @guarded
    def timer_send(
        self,
        name: str,
        elapsed: float,
        logger: str | None = None,
        severity: int | None = None,
        fields: Mapping[str, Any] | None = None,
        rate: float = 1.0,
    ) -> None:
        """Send a ``timer`` message of `elapsed` milliseconds.

        Always sends: here `rate` only tells the receiver what share of the timings gets here.
        """
        self.metlog("timer", logger, severity, elapsed, {**(fields or {}), "name": name, "rate": rate})

    @guarded
    def incr(
        self,
        name: str,
        count: float = 1,
        logger: str | None = None,
        severity: int | None = None,
        fields: Mapping[str, Any] | None = None,
        rate: float = 1.0,
    ) -> None:
        """Send a ``counter`` message that adds `count`; with `rate` below 1, only that share."""
        if drawn(rate):
            fields = {**(fields or {}), "name": name, "rate": rate}
            self.metlog("counter", logger, severity, count, fields)


def drawn(rate: float) -> bool:
    """Draw whether something sampled at `rate` (0 to 1) is sent."""
    return rate >= 1 or _random() < rate
