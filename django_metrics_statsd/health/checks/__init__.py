"""Ready-made checks, by the short names that ``WATCHMAN_CHECKS`` knows them by.

Each is an object that can be called, as django-watchman's functions are; its class takes options.
"""

from __future__ import annotations

from django_metrics_statsd.health.checks.base import Check, Fail, FunctionCheck, Skip, Warn
from django_metrics_statsd.health.checks.cache import Caches
from django_metrics_statsd.health.checks.database import Databases, Migrations
from django_metrics_statsd.health.checks.files import FileStorage
from django_metrics_statsd.health.checks.mail import Email

caches = Caches()
databases = Databases()
email = Email()
migrations = Migrations()
storage = FileStorage()

__all__ = [
    "Caches",
    "Check",
    "Databases",
    "Email",
    "Fail",
    "FileStorage",
    "FunctionCheck",
    "Migrations",
    "Skip",
    "Warn",
    "caches",
    "databases",
    "email",
    "migrations",
    "storage",
]
