"""A site with a database that can be taken away, a page of its own, and all that refuses probes.

Settings come from the environment, as JSON, so that each test has its own.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from django_metrics_statsd.health.checks import Check

DJANGO = "django.contrib."

if not settings.configured:
    given: dict[str, Any] = json.loads(os.environ["HEALTH_SETTINGS"])
    settings.configure(
        **{
            "SECRET_KEY": "only for tests",
            "ALLOWED_HOSTS": ["shop.example.com"],
            "ROOT_URLCONF": __name__,
            "USE_TZ": True,
            "SECURE_SSL_REDIRECT": True,
            "INSTALLED_APPS": [
                f"{DJANGO}auth",
                f"{DJANGO}contenttypes",
                f"{DJANGO}sessions",
                "django_metrics_statsd",
                "django_metrics_statsd.health",
            ],
            "MIDDLEWARE": [
                "django_metrics_statsd.health.middleware.ProbeMiddleware",
                "django.middleware.security.SecurityMiddleware",
                f"{DJANGO}sessions.middleware.SessionMiddleware",
                "django.middleware.common.CommonMiddleware",
                f"{DJANGO}auth.middleware.AuthenticationMiddleware",
                f"{DJANGO}auth.middleware.LoginRequiredMiddleware",
            ],
            "WATCHMAN_TOKENS": "only-for-these-tests",
            "STATSD_CLIENT": "django_metrics_statsd.clients.null",
            **given,
        }
    )


class Counted(Check):
    """Writes a line for each time that it runs, with the process it runs in."""

    def run(self) -> None:
        with Path(os.environ["HEALTH_COUNT"]).open("a") as file:
            file.write(f"{os.getpid()}\n")


def front(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a shop")


front.login_required = False  # type: ignore[attr-defined]

urlpatterns = [path("", front), path("watchman/", include("django_metrics_statsd.health.urls"))]


def __getattr__(name: str) -> Any:
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    if name == "wsgi":
        return get_wsgi_application()
    if name == "asgi":
        return get_asgi_application()
    raise AttributeError(name)
