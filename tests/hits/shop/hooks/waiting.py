"""Would have to be awaited."""

from __future__ import annotations

from typing import Any


async def save(event: Any, conf: dict[str, Any]) -> None: ...
