"""The panel for django-debug-toolbar 6, 7 and 8: what one request emitted.

It listens to the request, not to the client, so the client gets every stat as ever. Nothing is installed
before the toolbar is shown for the first time.
"""

from __future__ import annotations

from typing import Any

from debug_toolbar.panels import Panel
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.templatetags.static import static

from django_metrics_statsd import observation
from django_metrics_statsd.panel import hearing
from django_metrics_statsd.panel.closing import until_closed
from django_metrics_statsd.panel.display import context_of
from django_metrics_statsd.panel.figures import summary
from django_metrics_statsd.panel.process import about_process
from django_metrics_statsd.panel.stores import QuietStore
from django_metrics_statsd.recording import Recorder, outside
from django_metrics_statsd.safety import failed


class StatsdPanel(Panel):
    """Timers, a waterfall, counters, gauges, sets, drops and metlog messages of one request.

    Works wherever the toolbar's middleware stands, but best before ours: then the request's own time and
    status are there when the page is rendered. Later stats are added when the response is closed.
    """

    is_async = True
    title = nav_title = "StatsD"
    nav_icon = "django_metrics_statsd/panel.svg"  # type: ignore[assignment]
    template = "django_metrics_statsd/panel.html"

    def __init__(self, toolbar: Any, get_response: Any) -> None:
        super().__init__(toolbar, get_response)
        self._recorder: Recorder | None = None
        self._before: Recorder | None = None
        self._recorded = 0
        try:
            if toolbar.request is not None and toolbar.store is None:
                toolbar.store = QuietStore(_store())
        except Exception:
            failed("panel.store")

    # While the request runs

    def enable_instrumentation(self) -> None:
        """Begin to record this request, wherever our middlewares stand."""
        try:
            hearing.install()
            if self._recorder is None:
                self._recorder, self._before = Recorder(), outside.get()
            outside.set(self._recorder)
            self._attach(self.toolbar.request)
        except Exception:
            failed("panel.begin")

    def _attach(self, request: HttpRequest) -> observation.Observation | None:
        """Hang the recorder on the request's observation, if there is one by now."""
        seen = observation.of(request)
        if seen is not None:
            seen.stats = self._recorder
        return seen

    def disable_instrumentation(self) -> None:
        """Leave the context as it was. What our middlewares emit later still finds the recorder."""
        try:
            if self._recorder is not None and outside.get() is self._recorder:
                outside.set(self._before)
        except Exception:
            failed("panel.end")

    def generate_stats(self, request: HttpRequest, response: HttpResponseBase) -> None:
        """Store what was recorded, and once more when the response is closed, if more has come by then."""
        recorder = self._recorder
        if recorder is None:
            return
        try:
            seen = self._attach(request)
            muted = seen is not None and seen.muted
            self._store(recorder, muted)
            until_closed(response, recorder, lambda: self._store_again(recorder, muted))
        except Exception:  # of the store: an exception here would be a 500 for the page
            failed("panel.stats")

    def _store(self, recorder: Recorder, muted: bool) -> None:
        self._recorded = recorder.heard
        try:
            stats = {"failed": False, "muted": muted, **summary(recorder), "process": about_process()}
        except Exception:
            failed("panel.stats")
            stats = {"failed": True}
        self.record_stats(stats)  # type: ignore[no-untyped-call]

    def _store_again(self, recorder: Recorder, muted: bool) -> None:
        try:
            changed = recorder.heard != self._recorded
            if changed and self.toolbar.store.exists(self.toolbar.request_id):
                self._store(recorder, muted)
        except Exception:
            failed("panel.closed")

    # When it is looked at, maybe in another process, from what was stored

    @property
    def nav_subtitle(self) -> str:
        """How many stats, and whether some of them could not be sent."""
        stats = self._stats()
        if stats.get("failed", True):
            return ""
        refused = len(stats.get("refused", []))
        text = _number(stats.get("heard", 0), "stat")
        return f"{text}, {refused} not sendable" if refused else text

    @property
    def content(self) -> str:
        """The panel's HTML."""
        try:
            context = context_of(self._stats())
        except Exception:  # what was stored is another version's
            failed("panel.content")
            context = {"failed": True}
        request = self.toolbar.request
        # What is loaded later cannot know the page's nonce; there the script adds the style sheet.
        context["in_page"] = request is not None
        context["nonce"] = self.toolbar.csp_nonce if request is not None else None
        return render_to_string(self.template, context)

    def _stats(self) -> dict[str, Any]:
        return self.get_stats() or {}  # type: ignore[no-untyped-call]

    @property
    def scripts(self) -> list[str]:
        """The script that adds searching and sorting."""
        return [*super().scripts, static("django_metrics_statsd/panel.js")]


def _store() -> Any:
    # Late, as it needs the toolbar among the installed apps.
    from debug_toolbar.store import get_store

    return get_store()


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
