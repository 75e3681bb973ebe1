"""Ready-made checks, by the short names that ``WATCHMAN_CHECKS`` knows them by.

Each name in lower case is an object that can be called, as django-watchman's functions are; the class of the
same name takes options. ``http`` is the class itself, as it needs a URL.
"""

from __future__ import annotations

from django_metrics_statsd.health.checks.base import Check, Fail, FunctionCheck, Skip, Warn
from django_metrics_statsd.health.checks.cache import Caches
from django_metrics_statsd.health.checks.celery_workers import Celery, CeleryHeartbeat, CeleryQueue
from django_metrics_statsd.health.checks.database import Databases, Migrations
from django_metrics_statsd.health.checks.files import FileStorage
from django_metrics_statsd.health.checks.machine import Disk, Memory
from django_metrics_statsd.health.checks.mail import Email, Smtp
from django_metrics_statsd.health.checks.own import Hits, Statsd
from django_metrics_statsd.health.checks.redis_server import Redis
from django_metrics_statsd.health.checks.web import Http

caches = Caches()
celery = Celery()
celery_heartbeat = CeleryHeartbeat()
celery_queue = CeleryQueue()
databases = Databases()
disk = Disk()
email = Email()
hits = Hits()
http = Http
memory = Memory()
migrations = Migrations()
redis = Redis()
smtp = Smtp()
statsd = Statsd()
storage = FileStorage()

__all__ = [
    "Caches",
    "Celery",
    "CeleryHeartbeat",
    "CeleryQueue",
    "Check",
    "Databases",
    "Disk",
    "Email",
    "Fail",
    "FileStorage",
    "FunctionCheck",
    "Hits",
    "Http",
    "Memory",
    "Migrations",
    "Redis",
    "Skip",
    "Smtp",
    "Statsd",
    "Warn",
    "caches",
    "celery",
    "celery_heartbeat",
    "celery_queue",
    "databases",
    "disk",
    "email",
    "hits",
    "http",
    "memory",
    "migrations",
    "redis",
    "smtp",
    "statsd",
    "storage",
]
