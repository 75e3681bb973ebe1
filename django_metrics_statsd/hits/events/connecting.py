"""Connects what makes events, at start."""

from __future__ import annotations


def connect() -> None:
    """Connect what ``MQUEUE_AUTOREGISTER`` and ``MQUEUE_WATCH`` ask for."""
