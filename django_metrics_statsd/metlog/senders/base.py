"""What a sender is, and the one that stands for none."""

from __future__ import annotations

from typing import Protocol

from django_metrics_statsd.metlog.envelope import Message


class Sender(Protocol):
    """Delivers messages."""

    def send_message(self, msg: Message) -> None:
        """Deliver one message. May raise, which the client counts."""
        ...


class NoSendSender:
    """Stands in a client that has no sender yet. Such a client drops its messages."""

    def send_message(self, msg: Message) -> None:
        """Refuse.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError("this metlog client has no sender; configure sender.class")
