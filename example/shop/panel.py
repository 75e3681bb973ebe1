"""What the panel shows, for the page as it is first drawn and for the script that renews it."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from . import latest
from .live import board


def state() -> dict[str, Any]:
    return {
        "summary": board.summary(),
        "stats": board.rows(),
        "browsers": board.browsers(),
        "latest": latest.rows(),
        "left_out": board.left_out,
        "destination": settings.STATSD_URL,
    }
