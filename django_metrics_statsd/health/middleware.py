"""Answers probes before anything else in the site gets to see them.

A load balancer or a kubelet asks by address and over plain HTTP, so ``ALLOWED_HOSTS``, redirects to HTTPS
and required logins refuse it. First in ``MIDDLEWARE``, this one answers the paths of ``WATCHMAN_PROBES`` with
``ok`` or ``fail`` and nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from django_metrics_statsd.health import apm, runner
from django_metrics_statsd.health.answers import quiet
from django_metrics_statsd.health.asking import checks_of
from django_metrics_statsd.health.conf import PREFIXES, conf
from django_metrics_statsd.health.results import Report
from django_metrics_statsd.plan import Compiled

GetResponse = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


class ProbeMiddleware:
    """Answers GET and HEAD of the paths of ``WATCHMAN_PROBES``, sync and async."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a probe, or pass the request on."""
        group = _group_of(request)
        if group is None:
            return self.get_response(request)
        apm.leave_out()
        if self.is_async:
            return _aprobe(group)
        return _respond(runner.run(checks_of(group)))


async def _aprobe(group: str) -> HttpResponse:
    return _respond(await runner.arun(checks_of(group)))


def _group_of(request: HttpRequest) -> str | None:
    if request.method not in {"GET", "HEAD"}:
        return None
    return _paths.now.get(request.path_info)


_paths: Compiled[dict[str, str]] = Compiled(lambda: conf.WATCHMAN_PROBES, *PREFIXES)


def _respond(report: Report) -> HttpResponse:
    code = 200 if report.good else conf.WATCHMAN_ERROR_CODE or 503
    response = HttpResponse("ok\n" if report.good else "fail\n", content_type="text/plain", status=code)
    response["Cache-Control"] = "no-store"
    return quiet(response)
