"""Settings from the environment: the tests name the server, `SITE_SETTINGS` (JSON) the rest."""

from __future__ import annotations

import json
import os
from pathlib import Path

from django_metrics_statsd.beacon.fields import RECORD_KEYS

SECRET_KEY = "for tests only"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "pages.urls"
STATIC_URL = "/static/"
INSTALLED_APPS = ["django_metrics_statsd"]
MIDDLEWARE = ["pages.views.strict_policy"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent],
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        "APP_DIRS": True,
    }
]

STATSD_CLIENT = "django_metrics_statsd.clients.buffered"
STATSD_URL = os.environ["STATSD_URL"]
STATSD_FLUSH_INTERVAL = 0.05
STATSD_RECORD_KEYS = [*RECORD_KEYS]

globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))
