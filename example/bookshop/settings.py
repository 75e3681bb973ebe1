"""Settings of the example site: a small second-hand bookshop that sends its stats and records its requests.

The part that belongs to django_metrics_statsd is marked; the rest is an ordinary Django project.
"""

from __future__ import annotations

import os
from typing import Any

from bookshop import files

# --- django_metrics_statsd: from here ------------------------------------------------------------

INSTALLED_APPS = [
    "django_metrics_statsd",
    "django_metrics_statsd.hits",
    "django_metrics_statsd.health",
    "django_metrics_statsd.monitoring",
    "django_metrics_statsd.dashboard",
    "debug_toolbar",
    "shop",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]

# Probes are answered before all else. Then three come first, so that they see every response and measure
# the whole of the work; only the debug toolbar stands before them, so that its panel gets all they say.
MIDDLEWARE = [
    "django_metrics_statsd.health.middleware.ProbeMiddleware",
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_metrics_statsd.hits.middleware.HitsMiddleware",
    "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
    "django_metrics_statsd.middleware.GraphiteMiddleware",
    "shop.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

STATSD_PATCHES = [
    "django_metrics_statsd.patches.db",
    "django_metrics_statsd.patches.cache",
]

# Each stat goes to all: the first sends it to a StatsD server, the second keeps it in this site's own
# database for charts and the dashboard, the third keeps the last values in memory for the front page. A site
# of your own needs the first or the second; the first alone is the default.
STATSD_CLIENT = [
    "django_metrics_statsd.clients.buffered",
    "django_metrics_statsd.monitoring.client",
    "shop.live",
]
# Seconds that are written as one row; ten are the default, and enough where nobody watches from the start.
MONITORING_STATS_WINDOW = 2

STATSD_URL = os.environ.get("STATSD_URL", "udp://localhost:8125")

# What browsers report about each page: what the seed of this package recorded by default and, added to
# it, the first byte and the end of loading.
STATSD_RECORD_KEYS = [
    "window.performance.timing.responseStart",
    "window.performance.timing.domLoading",
    "window.performance.timing.domInteractive",
    "window.performance.timing.domComplete",
    "window.performance.timing.loadEventEnd",
    "window.performance.navigation.redirectCount",
    "window.performance.navigation.type",
]

# Who may report: nobody who asks not to be tracked, pages of this site alone, and sixty times a minute.
STATSD_RECORD_GUARD = [
    "django_metrics_statsd.beacon.guards.honour_privacy",
    "django_metrics_statsd.beacon.guards.same_origin",
    "django_metrics_statsd.beacon.guards.rate_per_address",
]
# The last guard counts in the cache, and this one is not shared between processes. The demo has only one.
SILENCED_SYSTEM_CHECKS = ["django_metrics_statsd.W006"]

# The debug toolbar with our panel. It is meant for DEBUG, which is off here, so `show_toolbar` says who
# sees it: browsers on this machine. Do not copy that to a site that others can reach.
DEBUG_TOOLBAR_PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "debug_toolbar.panels.timer.TimerPanel",
    "django_metrics_statsd.panel.StatsdPanel",
]
DEBUG_TOOLBAR_CONFIG = {"SHOW_TOOLBAR_CALLBACK": "shop.toolbar.show_toolbar", "SHOW_COLLAPSED": True}

# With a Graphite, the panel has its pictures: GRAPHITE_URL=http://127.0.0.1:8080/render/ make demo
GRAPHITE_URL = os.environ.get("GRAPHITE_URL", "")
TOOLBAR_STATSD: dict[str, Any] = {}
if GRAPHITE_URL:
    TOOLBAR_STATSD = {
        "graphite": GRAPHITE_URL,
        "roots": {"timers": ["stats.timers"], "counts": ["stats.counters"], "gauges": ["stats.gauges"]},
    }

# --- hits and events: a row for each request, and for what is worth a line ---

SITE_SLUG = "bookshop"

# Each process writes its hits itself, every second, from a thread. With a Redis, WT_REDIS carries them to
# `manage.py collect`, and WT_DATABASES may name more storages.
WT_DATABASES = {"default": {"type": "django", "hits_db": "hits"}}
# A database of their own, so that the shop's never waits for theirs: `migrate --database hits`.
DATABASE_ROUTERS = ["django_metrics_statsd.hits.router.HitsRouter"]
# The demo goes on for as long as you let it: about twenty thousand hits an hour.
WT_RETENTION_DAYS = 1

# What tells nothing. The front page's own questions are left out by the decorator of their view.
WT_EXCLUDE = ["/static/", "/__debug__/", "/services/timing/", "/favicon.ico", "/admin/jsi18n/"]

# The demo's visitors are on this machine and say, as a proxy does, whom they come for.
WT_TRUSTED_PROXIES = ["127.0.0.1"]
# `manage.py` makes it; see shop/places.py. A site of your own names GeoLite2-City.mmdb or another real one.
GEOIP_PATH = files.PLACES if files.PLACES.exists() else None

# What browsers report is recorded too, beside the stats that are made of it.
WT_BROWSER = True

# Events: changes of these models, and what users do. The shop's own are in shop/views.py.
MQUEUE_AUTOREGISTER = [
    ("shop.models.Book", ["c", "u", "d"]),
    ("shop.models.Wanted", ["c"]),
]
MQUEUE_WATCH = ["login", "logout", "login_failed"]

# --- health: /watchman/, its page /watchman/dashboard/, and probes such as /readyz ---

WATCHMAN_CHECKS: list[Any] = [
    "databases",
    "caches",
    "storage",
    "migrations",
    "disk",
    "memory",
    "hits",
    "django_metrics_statsd.monitoring.checks.thresholds",
    "shop.health.Couriers",
    # Where nobody listens, stats are dropped and this warns: so it does only where a server was named.
    *(["statsd"] if "STATSD_URL" in os.environ else []),
]
WATCHMAN_AUTH_DECORATOR = "shop.health.this_machine"

# --- monitoring and dashboard: /monitoring/ for staff, /dashboard/ for who has the permission ---

# The dashboard is open to this machine, which nobody else can reach. Do not copy that.
DASHBOARD_REQUIRE_LOGIN = False

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "console": {"class": "logging.StreamHandler", "level": "WARNING"},
        "statsd": {
            "class": "django_metrics_statsd.loggers.errors.StatsdHandler",
            "level": "ERROR",
        },
        "events": {
            "class": "django_metrics_statsd.hits.events.EventLogHandler",
            "level": "ERROR",
        },
    },
    "root": {"handlers": ["console", "statsd", "events"]},
    # The demo fails on purpose all the time; its tracebacks would bury everything else on the
    # terminal, so here they are counted and recorded but not printed.
    "loggers": {"django.request": {"handlers": ["statsd", "events"], "propagate": False}},
}

# --- django_metrics_statsd: to here --------------------------------------------------------------

# Off, so that a failing page looks as it does to visitors; `demo` serves the static files anyway.
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = "only for the demo, which listens on 127.0.0.1 and holds nothing worth stealing"

ROOT_URLCONF = "bookshop.urls"
ASGI_APPLICATION = "bookshop.asgi.application"
WSGI_APPLICATION = "bookshop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    # Several visitors read while one writes: WAL lets them, IMMEDIATE makes writers queue.
    "OPTIONS": {
        "timeout": 5,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}
DATABASES = {
    "default": {**SQLITE, "NAME": files.DATABASE},
    "hits": {**SQLITE, "NAME": files.HITS},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

STATIC_URL = "static/"
MEDIA_ROOT = files.MEDIA
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
