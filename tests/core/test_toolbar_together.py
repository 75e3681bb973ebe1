"""Our patches next to the debug toolbar's own panels; in a process, as the toolbar cannot be undone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import django
from django.conf import settings

settings.configure(
    SECRET_KEY="x", DEBUG=True, USE_TZ=True, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
    INTERNAL_IPS=["127.0.0.1"], STATIC_URL="static/",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles",
                    "debug_toolbar", "django_metrics_statsd"],
    MIDDLEWARE=["debug_toolbar.middleware.DebugToolbarMiddleware",
                "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
                "django_metrics_statsd.middleware.GraphiteMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    STATSD_CLIENT="django_metrics_statsd.clients.null",
    STATSD_PATCHES=["django_metrics_statsd.patches.db", "django_metrics_statsd.patches.cache"],
    DEBUG_TOOLBAR_CONFIG={"IS_RUNNING_TESTS": False, "SHOW_TOOLBAR_CALLBACK": lambda request: True},
    DEBUG_TOOLBAR_PANELS=["debug_toolbar.panels.sql.SQLPanel", "debug_toolbar.panels.cache.CachePanel"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from debug_toolbar.toolbar import DebugToolbar
from django_metrics_statsd.testing import capture

def view(request):
    list(ContentType.objects.all())
    cache.get("a")
    cache.get_or_set("a", 1)
    cache.get_many(["a", "b"])
    return HttpResponse("<html><body>hello</body></html>")

urlpatterns = [path("", view), path("__debug__/", include("debug_toolbar.urls"))]

call_command("migrate", verbosity=0)
for _ in range(2):
    cache.clear()
    with capture() as stats:
        response = Client().get("/")
    assert response.status_code == 200, response.content
    stats.assert_timing("db.sqlite3.default.execute.select", times=1)
    assert len(stats.find("ms", "cache.locmem.get")) == 1, str(stats)
    stats.assert_timing("cache.locmem.get_or_set", times=1)
    stats.assert_timing("cache.locmem.get_many", times=1)
    assert sum(r.value for r in stats.find("c", "cache.locmem.hit")) == 1, str(stats)
    assert sum(r.value for r in stats.find("c", "cache.locmem.miss")) == 3, str(stats)
    stats.assert_incr("response.200", times=1)
    assert b"djDebug" in response.content
with capture() as stats:
    Client().get("/__debug__/render_panel/?request_id=1&panel_id=SQLPanel")
assert not [r for r in stats if r.stat.startswith(("view.", "response."))], str(stats)
print("fine")
"""


def test_sql_and_cache_panels_see_the_same_calls(tmp_path: Path) -> None:
    script = tmp_path / "site.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
        env={key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"},
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")
