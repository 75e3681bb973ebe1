"""Spoils what it is given, then fails."""

from __future__ import annotations

from typing import Any


def save(event: Any, conf: dict[str, Any]) -> None:
    event.name = object()
    event.data["spoilt"] = object()
    conf.clear()
    raise RuntimeError("no")
