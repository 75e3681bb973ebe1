"""What comes after the toolbar: streams, and the stats of middlewares that stand before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponseBase

from django_metrics_statsd.recording import Recorder, outside


def until_closed(response: HttpResponseBase, recorder: Recorder, done: Callable[[], None]) -> None:
    """Record until `response` is closed, with all that others have put off until then; then call `done`.

    Under ASGI a response is closed in another context than the request's, so the recorder is made
    present again for as long as the closing takes.
    """
    closers: list[Callable[[], Any]] = response._resource_closers  # type: ignore[attr-defined]

    def begin() -> None:
        before = outside.get()
        outside.set(recorder)

        def end() -> None:
            outside.set(before)
            recorder.over = True
            done()

        closers.append(end)  # behind those that were added after this one

    closers.insert(0, begin)
