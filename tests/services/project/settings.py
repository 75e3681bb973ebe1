"""Settings from the environment: the tests name the server, `SITE_SETTINGS` (JSON) the rest."""

from __future__ import annotations

import json
import os

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "project.urls"
WSGI_APPLICATION = "project.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["django_metrics_statsd"]
MIDDLEWARE = [
    "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
    "django_metrics_statsd.middleware.GraphiteMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

STATSD_CLIENT = os.environ.get("STATSD_CLIENT", "django_metrics_statsd.clients.buffered")
STATSD_URL = os.environ.get("STATSD_URL", "udp://127.0.0.1:9")
STATSD_PATCHES = ["django_metrics_statsd.patches.db", "django_metrics_statsd.patches.cache"]

CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "")

globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))
