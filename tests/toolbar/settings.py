"""Settings of the panel's test project: every panel of the toolbar, every patch of ours."""

from __future__ import annotations

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.staticfiles", "debug_toolbar"]
ROOT_URLCONF = "tests.toolbar.site"
STATIC_URL = "/static/"
MIDDLEWARE = [
    "debug_toolbar.middleware.DebugToolbarMiddleware",
    "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
    "django_metrics_statsd.middleware.GraphiteMiddleware",
]
STATSD_PATCHES = ["django_metrics_statsd.patches.db", "django_metrics_statsd.patches.cache"]
STATSD_MODEL_SIGNALS = True
DEBUG_TOOLBAR_PANELS = [
    "debug_toolbar.panels.history.HistoryPanel",
    "debug_toolbar.panels.timer.TimerPanel",
    "debug_toolbar.panels.headers.HeadersPanel",
    "debug_toolbar.panels.request.RequestPanel",
    "debug_toolbar.panels.sql.SQLPanel",
    "django_metrics_statsd.panel.StatsdPanel",
    "debug_toolbar.panels.templates.TemplatesPanel",
    "debug_toolbar.panels.cache.CachePanel",
    "debug_toolbar.panels.signals.SignalsPanel",
]
TOOLBAR = {
    "IS_RUNNING_TESTS": False,
    "SHOW_TOOLBAR_CALLBACK": "tests.toolbar.site.show",
    "CACHE_BACKEND": "default",
    "RESULTS_CACHE_SIZE": 100,
}
# From the start the one store that has a table.
DEBUG_TOOLBAR_CONFIG = {**TOOLBAR, "TOOLBAR_STORE_CLASS": "debug_toolbar.store.DatabaseStore"}
