"""Senders: objects with ``send_message(msg)`` that deliver one message, a dictionary.

A sender may raise; the client counts that and goes on.
"""

from __future__ import annotations

from django_metrics_statsd.metlog.senders.base import NoSendSender, Sender
from django_metrics_statsd.metlog.senders.dev import (
    DebugCaptureSender,
    FileSender,
    StdOutSender,
    StreamSender,
)
from django_metrics_statsd.metlog.senders.logging import StdLibLoggingSender
from django_metrics_statsd.metlog.senders.udp import UdpSender

__all__ = [
    "DebugCaptureSender",
    "FileSender",
    "NoSendSender",
    "Sender",
    "StdLibLoggingSender",
    "StdOutSender",
    "StreamSender",
    "UdpSender",
]
