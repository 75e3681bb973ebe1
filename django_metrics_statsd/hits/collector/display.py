"""What ``collect`` says of itself: one line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django_metrics_statsd.hits.collector.lane import Progress
from django_metrics_statsd.hits.collector.run import Collector

#: Seconds between two plain lines while nothing is wrong.
EVERY = 60.0


class Display:
    """Shows rate, lag and errors.

    Args:
        write: writes text as it is, without a line's end.
        live: whether the text goes to a terminal.
        width: the terminal's columns.
    """

    def __init__(self, write: Callable[[str], object], *, live: bool, width: int = 80) -> None:
        self._write, self._live, self._width = write, live, width
        self._written: dict[str, int] = {}
        self._then = time.monotonic()
        self._next = 0.0
        self._errors: dict[str, str] = {}

    def __call__(self, collector: Collector, status: dict[str, Any] | None) -> None:
        """Show how the collector is doing."""
        errors = {alias: progress.error for alias, progress in collector.progress.items()}
        now = time.monotonic()
        if not self._live and now < self._next and errors == self._errors:
            return
        line = "  ".join(self._parts(collector, status, now - self._then))
        self._errors, self._then, self._next = errors, now, now + EVERY
        if self._live:
            self._write("\r" + line[: self._width - 1].ljust(self._width - 1))
        else:
            self._write(line + "\n")

    def end(self) -> None:
        """Leave the line as it stands."""
        if self._live:
            self._write("\n")

    def _parts(self, collector: Collector, status: dict[str, Any] | None, seconds: float) -> list[str]:
        parts = []
        for alias, progress in collector.progress.items():
            rate = (progress.written - self._written.get(alias, 0)) / max(seconds, 1e-3)
            self._written[alias] = progress.written
            text = f"{alias}: {progress.written:,} written, {rate:,.0f}/s"
            text += _more(progress, status["storages"][alias] if status else {})
            parts.append(text + (f" [{progress.error}]" if progress.error else ""))
        return parts if status is not None else [*parts, "[no answer from Redis]"]


def _more(progress: Progress, storage: dict[str, Any]) -> str:
    numbers = {
        "behind": storage.get("lag"),
        "set aside": progress.set_aside or None,
        "lost": progress.lost or None,
        "cut off": storage.get("cut") or None,
    }
    return "".join(f", {number:,} {what}" for what, number in numbers.items() if number is not None)
