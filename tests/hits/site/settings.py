"""Settings of the site; what differs from run to run comes as JSON in the environment."""

from __future__ import annotations

import json
import os
from typing import Any

SECRET_KEY = "tests"
USE_TZ = True
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.hits.site.urls"
WSGI_APPLICATION = "tests.hits.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = ["django_metrics_statsd", "django_metrics_statsd.hits"]
DATABASE_ROUTERS = ["django_metrics_statsd.hits.router.HitsRouter"]
MIDDLEWARE = ["django_metrics_statsd.hits.middleware.HitsMiddleware"]
STATSD_CLIENT = "django_metrics_statsd.clients.null"
globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))

if any("mysql" in database["ENGINE"] for database in DATABASES.values()):
    import pymysql

    pymysql.version_info = (2, 2, 8, "final", 0)  # what Django asks of the driver whose place it takes
    pymysql.install_as_MySQLdb()
