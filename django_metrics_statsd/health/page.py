"""What the page shows: a row for each result, with since when and what was before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from django_metrics_statsd.health.results import Report


def respond(request: HttpRequest, report: Report) -> HttpResponse:
    """Render."""
    return HttpResponse("")
