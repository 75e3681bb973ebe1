"""A site under a real server: each request counts and times itself. Its file is in the variable ``STORE``."""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["STORE"]}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django_metrics_statsd",
        "django_metrics_statsd.monitoring",
    ],
    MIDDLEWARE=[
        "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
        "django_metrics_statsd.middleware.GraphiteMiddleware",
    ],
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    SECRET_KEY="site",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    STATSD_CLIENT="django_metrics_statsd.monitoring.client",
    STATSD_PATCHES=["django_metrics_statsd.patches.db"],
    MONITORING_STATS_WINDOW=2,
)


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(os.getpid()))


urlpatterns = [path("", page)]
django.setup()
application: Any = get_wsgi_application()
