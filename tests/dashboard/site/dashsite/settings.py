"""A site with the dashboard alone. `SITE_SETTINGS` (JSON) has what a test wants otherwise."""

from __future__ import annotations

import json
import os

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "dashsite.urls"
WSGI_APPLICATION = "dashsite.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_metrics_statsd",
    "django_metrics_statsd.dashboard",
    "dashsite",
]
MIDDLEWARE = [
    "dashsite.middleware.Strict",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SITE_DATABASE", ":memory:"),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=wal",
        },
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_URL = "/static/"
LOGIN_URL = "/login"
STATSD_CLIENT = "django_metrics_statsd.clients.null"
DASHBOARD_WIDGETS: list[str] = []  # its own alone
DASHBOARD_BACKGROUND = False

globals().update(json.loads(os.environ.get("SITE_SETTINGS", "{}")))

if DATABASES["default"]["ENGINE"].endswith("mysql"):
    from tests.hits.databases import use_pymysql

    use_pymysql()
