"""A small site with nothing but health, under the strictest policy; uvicorn serves ``application``."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import include, path

if not settings.configured:
    settings.configure(
        SECRET_KEY="only for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        DEBUG=False,
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        STATIC_URL="/static/",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["HEALTH_DATABASE"]}
        },
        MEDIA_ROOT=os.path.dirname(os.environ["HEALTH_DATABASE"]),  # noqa: PTH120 - settings are plain
        INSTALLED_APPS=[
            "django.contrib.staticfiles",
            "django_metrics_statsd",
            "django_metrics_statsd.health",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        WATCHMAN_TOKENS="only-for-these-tests",
        WATCHMAN_CACHE_SECONDS=0.2,
        WATCHMAN_CHECKS=[
            "databases",
            "caches",
            "storage",
            "disk",
            "tests.health_page.checks.Shelf",
            "tests.health_page.checks.Doors",
            "tests.health_page.checks.Closed",
        ],
    )

urlpatterns = [path("watchman/", include("django_metrics_statsd.health.urls"))]


def application_with_files() -> object:
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

    return ASGIStaticFilesHandler(get_asgi_application())


if os.environ.get("HEALTH_SERVE"):
    settings.DEBUG = False
    application = application_with_files()
