"""Checks whose state a file decides, so that a test can change it from outside of the site."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django_metrics_statsd.health.checks import Check, Fail, Skip, Warn

FINDINGS = {"warn": Warn, "fail": Fail, "skipped": Skip}


class Shelf(Check):
    """As the file says: a state, and a message."""

    def run(self) -> dict[str, Any]:
        state, _, message = Path(os.environ["HEALTH_SHELF"]).read_text().partition(" ")
        if state in FINDINGS:
            raise FINDINGS[state](message, books=3)
        return {"books": 12}


class Doors(Check):
    """Parts of every kind: fine, broken with a stack trace, hostile, long."""

    def parts(self) -> Any:
        yield "front", lambda: None
        yield "<script>alert(1)</script>", self.broken
        yield "a-very-long-name-" * 8, lambda: {"ok": True, "html": "<b>bold</b>", "many": list(range(100))}

    def broken(self) -> None:
        raise ValueError("<img src=x onerror=alert(1)> \u202eevil")


class Closed(Check):
    def run(self) -> None:
        raise Skip("Closed on Sundays.")
