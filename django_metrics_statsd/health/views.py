"""What an address answers: the status, its page, and probes.

The views are sync, so that any decorator may protect them. They open no transaction (a database that is down
would fail that before the checks could say so) and are left out of stats and hits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from django_metrics_statsd.decorators import exempt
from django_metrics_statsd.health import apm, runner
from django_metrics_statsd.health.answers import answer, finish, nothing_to_check, refusal
from django_metrics_statsd.health.asking import checks_of, chooses, wanted
from django_metrics_statsd.health.conf import conf
from django_metrics_statsd.health.decorators import auth, is_open
from django_metrics_statsd.health.results import Report, Result

View = Callable[[HttpRequest], HttpResponse]


class _LoginRequired:
    """What ``LoginRequiredMiddleware`` is told of the status: who has a token need not log in as well."""

    def __bool__(self) -> bool:
        return is_open()


def _ours(view: View, login_required: Any = False) -> View:
    """Leave requests to this view out of stats, hits, transactions and, on request, of APM."""

    @non_atomic_requests
    @csrf_exempt
    @exempt
    @wraps(view)
    def apart(request: HttpRequest) -> HttpResponse:
        apm.leave_out()
        return view(request)

    apart.login_required = login_required  # type: ignore[attr-defined]  # LoginRequiredMiddleware reads it
    return apart


def _protected(view: View) -> View:
    return _ours(cast("View", auth(view)), _LoginRequired())


@_protected
def status(request: HttpRequest) -> HttpResponse:
    """Say how each check went; as JSON, text, OpenMetrics or Atom, by ``?format=`` or ``Accept``.

    ``?check=`` and ``?skip=`` choose by dotted path or name, ``?group=`` takes another group. The HTTP
    status is 200, or ``WATCHMAN_ERROR_CODE`` when a check failed; 404 when there is nothing to run.
    """
    checks = wanted(request)
    if not checks:
        return nothing_to_check(request)
    return refusal(request) or answer(request, runner.run(checks), conf.WATCHMAN_ERROR_CODE or 200)


@_protected
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show people what `status` tells machines, with what has changed; the page keeps itself up to date."""
    from django_metrics_statsd.health import page

    return finish(request, page.respond(request, runner.run(wanted(request))))


@_ours
def bare_status(request: HttpRequest) -> HttpResponse:
    """Answer with an HTTP status alone: 200, or ``WATCHMAN_ERROR_CODE`` (unset: 500) when a check failed.

    404 where a choice leaves nothing to run: a mistyped name must not look like health.
    """
    checks = wanted(request)
    code = 200 if runner.run(checks).good else conf.WATCHMAN_ERROR_CODE or 500
    if not checks and chooses(request):
        code = 404
    return finish(request, HttpResponse(status=code, content_type="text/plain"))


@_ours
def ping(request: HttpRequest) -> HttpResponse:
    """Answer ``pong``, without a look at anything."""
    return finish(request, HttpResponse("pong", content_type="text/plain"))


@_ours
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. By itself it touches nothing else; see ``WATCHMAN_GROUPS``."""
    return _probe(request, "live")


@_ours
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether visitors should be sent here: 200, or 503 when a check of the group ``ready`` failed."""
    return _probe(request, "ready")


@_ours
def startup(request: HttpRequest) -> HttpResponse:
    """Say whether this process has started: 200, or 503 when a check of the group ``startup`` failed."""
    return _probe(request, "startup")


def _probe(request: HttpRequest, group: str) -> HttpResponse:
    report = runner.run(checks_of(group)) or Report((Result(group),))
    return answer(request, report, conf.WATCHMAN_ERROR_CODE or 503)
