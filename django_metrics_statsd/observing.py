"""What our middlewares share: both modes, the request's observation, and that nothing raises."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from time import perf_counter
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.apps import apps
from django.http import HttpRequest, HttpResponseBase

from django_metrics_statsd import background, observation
from django_metrics_statsd.clients.handle import statsd
from django_metrics_statsd.observation import Observation
from django_metrics_statsd.plan import APPS_WITH_VIEWS, OWN_NAMESPACES, planned
from django_metrics_statsd.safety import failed

GetResponse = Callable[[HttpRequest], Any]


class ObservingMiddleware:
    """A middleware that looks on. Subclasses say, in `responded` and `raised`, what happens at the end."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
        if any(apps.is_installed(name) for name in APPS_WITH_VIEWS):
            # An attribute only where it is needed, and of this mode, so that Django neither calls it for
            # nothing nor moves it into a thread.
            self.process_view: Callable[..., Any] = (
                self._aprocess_view if self.is_async else self._process_view
            )

    def __call__(self, request: HttpRequest) -> Any:
        """Handle one request."""
        if self.is_async:
            return self.__acall__(request)
        seen = observation.of(request)
        outermost = seen is None
        if seen is None:
            seen = self._begin(request)
        start = perf_counter()
        try:
            response = self.get_response(request)
        except BaseException as error:
            self._failed(request, error, seen, start, outermost)
            raise
        self._done(request, response, seen, start, outermost)
        return response

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request in an event loop."""
        seen = observation.of(request)
        outermost = seen is None
        if seen is None:
            seen = self._begin(request)
        start = perf_counter()
        try:
            response: HttpResponseBase = await self.get_response(request)
        except BaseException as error:
            self._failed(request, error, seen, start, outermost)
            raise
        self._done(request, response, seen, start, outermost)
        return response

    def _begin(self, request: HttpRequest) -> Observation:
        """Return the observation of a request that none of our middlewares has seen."""
        try:
            statsd.tick()
            seen = observation.begin(request)
            excluded = planned.now.excluded
            if excluded is not None and excluded(request.path_info):
                seen.muted = True
            return seen
        except Exception:
            failed("middleware.begin")
            return Observation(muted=True)

    def _process_view(self, request: HttpRequest, *args: Any) -> None:
        match = request.resolver_match
        if match is not None and match.app_names and not OWN_NAMESPACES.isdisjoint(match.app_names):
            seen = observation.of(request)
            if seen is not None:
                seen.muted = True

    async def _aprocess_view(self, request: HttpRequest, *args: Any) -> None:
        self._process_view(request)

    def _done(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        seen: Observation,
        start: float,
        outermost: bool,
    ) -> None:
        try:
            if not seen.muted:
                self.responded(request, response, seen, start)
        except Exception:
            failed("middleware.end")
        if outermost:
            self._leave(response, seen)

    def _failed(
        self, request: HttpRequest, error: BaseException, seen: Observation, start: float, outermost: bool
    ) -> None:
        try:
            if not seen.muted:
                self.raised(request, error, start)
        except Exception:
            failed("middleware.end")
        if outermost:
            self._leave(None, seen)

    def _leave(self, response: HttpResponseBase | None, seen: Observation) -> None:
        try:
            if response is None or not response.streaming:
                observation.current.set(None)
            else:
                when_closed(response, observation.leave, seen)
            if background.ending.told:
                statsd.flush(0.2)
        except Exception:
            failed("middleware.leave")

    def responded(
        self, request: HttpRequest, response: HttpResponseBase, seen: Observation, start: float
    ) -> None:
        """Do what is to be done for a response; `start` is the request's ``perf_counter()``."""
        raise NotImplementedError

    def raised(self, request: HttpRequest, error: BaseException, start: float) -> None:
        """Do what is to be done when there is no response, only an exception."""
        raise NotImplementedError


def when_closed(response: HttpResponseBase, function: Callable[..., None], *args: Any) -> None:
    """Call `function` once: when the response is closed or, if nobody closes it, when it is gone.

    The stream itself is not touched, so a ``FileResponse`` can still be sent by the server's
    ``wsgi.file_wrapper``. Server and test client both close responses after the last byte (PEP 3333).
    """
    finalizer = weakref.finalize(response, function, *args)
    finalizer.atexit = False
    response._resource_closers.append(finalizer)  # type: ignore[attr-defined]
