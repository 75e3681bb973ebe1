"""A site with monitoring and a strict policy, in a process of its own: ``python -m tests.monitoring.served``.

It prints the cookie of a user of staff once it is ready.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path
from typing import Any

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


def strict(get_response: Any) -> Any:
    """Send the policy that pages of ours have to bear."""

    def answer(request: Any) -> Any:
        response = get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response

    return answer


def fill() -> None:
    """Add a day of everything."""
    from django_metrics_statsd.clients.handle import statsd
    from django_metrics_statsd.monitoring.annotations import annotate
    from django_metrics_statsd.monitoring.rollups.points import Sample
    from django_metrics_statsd.monitoring.rollups.writing import write
    from tests.monitoring import watched

    chance, now = random.Random(7), time.time()
    batch: list[Any] = []
    for index in range(2_000):
        at = now - index * 80
        batch.append((watched.MonitorUserCount, Sample(at, "", chance.randint(0, 3))))
        batch.append((watched.Checkout, Sample(at, "", chance.lognormvariate(5, 0.5))))
        batch.append((watched.Conversion, Sample(at, chance.choice(["web", "app"]), index % 3 > 0, 1.0)))
        batch.append((watched.Queue, Sample(at, "", 20 + 10 * chance.random())))
        batch.append((watched.Signup, Sample(at, "", 1)))
    batch += [(watched.Checkout, Sample(now - 5, "", 900.0))] * 20
    write(batch)
    annotate("deploy 1.2.3")
    for number in range(50):
        statsd.timing("view.shop.detail.GET", 20 + number)
        statsd.timing("view.shop.list.GET", 10)
        statsd.incr("response.200")
    if not statsd.flush(10):
        raise RuntimeError("the stats were not written")


def main() -> None:
    """Make the site, and serve it."""
    folder, port = Path(sys.argv[1]), sys.argv[2]
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "site.sqlite3"}
    settings.DATABASES = {"default": {**database, "OPTIONS": {"timeout": 20}}}
    settings.ROOT_URLCONF = "tests.monitoring.urls"
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    settings.MIDDLEWARE = ["tests.monitoring.served.strict", *settings.MIDDLEWARE]
    settings.MIDDLEWARE.append("django.middleware.csrf.CsrfViewMiddleware")
    settings.STATIC_URL = "/static/"
    settings.TIME_ZONE = "Europe/Berlin"
    settings.STATSD_CLIENT = "django_metrics_statsd.monitoring.client"
    settings.MONITORING_STATS_WINDOW = 1
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client

    from tests.monitoring import watched

    call_command("migrate", verbosity=0)
    watched.make_tables("default")
    watched.register_all()
    fill()
    client = Client()
    client.force_login(User.objects.create_user("staff", is_staff=True))
    (folder / "cookie").write_text(client.cookies["sessionid"].value)
    call_command("runserver", f"127.0.0.1:{port}", "--noreload", "--insecure", verbosity=0)


if __name__ == "__main__":
    main()
