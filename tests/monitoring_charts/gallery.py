"""A site with all of the look and all sample charts: ``python -m tests.monitoring_charts.gallery PORT``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.services.harness import ROOT

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)
MONITORING = ROOT / "django_metrics_statsd" / "monitoring"


def strict_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return middleware


def gallery(request: HttpRequest) -> HttpResponse:
    """Every element of the look, and every chart."""
    from django.shortcuts import render as page

    from django_metrics_statsd.monitoring.charts import render, render_sparkline
    from tests.monitoring_charts.samples import ALL

    charts = [] if "late" in request.GET else [render(make()) for make in ALL]
    context = {
        "charts": charts,
        "sparkline": render_sparkline([3, 5, 4, None, 8, 6, 7], "Latency", "ms"),
        "kiosk": "kiosk" in request.GET,
        "states": ["ok", "warn", "fail", "timeout", "skipped"],
    }
    return page(request, "gallery.html", context)


def fragment(request: HttpRequest) -> HttpResponse:
    """One chart, to be put into a page later."""
    from django_metrics_statsd.monitoring.charts import render
    from tests.monitoring_charts.samples import lines

    return HttpResponse(render(lines()))


urlpatterns = [path("", gallery), path("fragment/", fragment)]


def configure(**more: Any) -> None:
    settings.configure(
        DEBUG=True,
        SECRET_KEY="tests",
        ALLOWED_HOSTS=["*"],
        USE_TZ=True,
        ROOT_URLCONF="tests.monitoring_charts.gallery",
        STATIC_URL="/static/",
        STATICFILES_DIRS=[MONITORING / "static", ROOT / "tests" / "monitoring_charts" / "assets"],
        INSTALLED_APPS=["django.contrib.staticfiles", "django_metrics_statsd"],
        MIDDLEWARE=["tests.monitoring_charts.gallery.strict_policy"],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [MONITORING / "templates", ROOT / "tests" / "monitoring_charts" / "assets"],
                "APP_DIRS": True,
            }
        ],
        STATSD_CLIENT="django_metrics_statsd.clients.null",
        **more,
    )
    django.setup()


def main(port: int) -> None:
    configure()
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import run
    from django.core.wsgi import get_wsgi_application

    run("127.0.0.1", port, StaticFilesHandler(get_wsgi_application()), threading=True)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(int(sys.argv[1]))
