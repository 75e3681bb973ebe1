"""Keeps what it is given, and by which thread."""

from __future__ import annotations

import threading
from typing import Any

kept: list[tuple[Any, dict[str, Any], str]] = []


def save(event: Any, conf: dict[str, Any]) -> None:
    kept.append((event, conf, threading.current_thread().name))
