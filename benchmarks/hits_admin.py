"""How long does a page of the admin take with a million hits, and how fast and how large is an export?

Not among the default questions: it fills three databases first, which takes some minutes. Beside ours stands
what Django's own `ModelAdmin` does with the same columns, filters and date drill-down.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.child import progress
from benchmarks.report import Table

ROWS = int(os.environ.get("HITS_ADMIN_ROWS", "1000000"))
DAYS = 30
ROUNDS = 3
BATCH = 5_000
#: What a page may take, in milliseconds, Django's own share included.
LIMIT = 1_000

PAGES = {
    "first page": "",
    "page 90": "p=90",
    "server errors": "status=5xx",
    "successes": "status=2xx",
    "a day": "during=DAY",
    "an hour": "during=DAYT10",
    "a view": "view=BookView",
    "a user": "q=user:user7",
    "a user with few hits": "q=rare",
    "an address, newest 100,000": "q=192.0.2.1",
    "a path, newest 100,000": "q=/search/",
    "a kind that is not there": "login=staff",
    "errors of bots in a day": "status=errors&agent=bot&during=DAY",
}
PLAIN = {"first page": "", "server errors": "status_code=500", "a user": "q=user7"}


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, dict[str, Any]]]:
    """Run the servers that are installed; yield their settings, and SQLite's, by name."""
    from tests.hits.databases import use_pymysql
    from tests.services.stores import MariaDB, PostgreSQL

    found: dict[str, dict[str, Any]] = {
        "SQLite": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "hits.sqlite3"}
    }
    with ExitStack() as stack:
        if PostgreSQL.versions():
            found["PostgreSQL"] = stack.enter_context(PostgreSQL(folder / "postgresql")).settings()
        if shutil.which("mariadbd"):
            use_pymysql()
            found["MariaDB"] = stack.enter_context(MariaDB(folder / "mariadb")).settings()
        yield found


def fill(alias: str) -> None:
    """Write `ROWS` hits of the last `DAYS`, the oldest first."""
    from django_metrics_statsd.hits.ids import moment
    from django_metrics_statsd.hits.storages.django import DjangoStorage
    from tests.hits import samples

    storage = DjangoStorage("x", {"type": "django", "hits_db": alias})
    end, step = time.time_ns() // 1_000, DAYS * 86_400_000_000 // ROWS
    for start in range(0, ROWS, BATCH):
        progress(f"{alias}: {start:,} of {ROWS:,} rows")
        records = samples.hits(BATCH, seed=start)
        for number, record in enumerate(records):
            microseconds = end - (ROWS - start - number) * step
            record.time, record.id = moment(microseconds), samples._new_id(microseconds)
            if start + number < 40:
                record.user = "rare"
        storage.write(records)
    progress("")


def plain_site() -> Any:
    """Return an admin as one writes it without a thought for the size of the table."""
    from django.contrib import admin

    from django_metrics_statsd.hits.models import Hit

    class Plain(admin.ModelAdmin):  # type: ignore[type-arg]
        list_display = ("time", "method", "path", "status_code", "view", "request_time", "user")
        list_filter = ("status_code", "view", "site")
        search_fields = ("user", "path", "ip")
        date_hierarchy = "time"

    site = admin.AdminSite("plain")
    site.register(Hit, Plain)
    return site


def timed(call: Callable[[], Any], rounds: int) -> float:
    """Return the milliseconds that a call takes, the median of some after a first."""
    call()
    figures = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        figures.append((time.perf_counter() - start) * 1_000)
    return median(figures)


def pages(name: str, client: Any) -> Table:
    """Time every page."""
    table = Table(f"Pages of the admin with {ROWS:,} hits in {name} (median of {ROUNDS})")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 10 * 86_400))
    plain = {what: ("/plain/", query) for what, query in PLAIN.items()}
    for what, query in PAGES.items():
        progress(f"{name}: {what}")
        url = f"/admin/metrics_hits/hit/?{query.replace('DAY', day)}"
        ours = timed(lambda url=url: get(client, url), ROUNDS)  # type: ignore[misc]
        table.add(what, "ours", ours, "ms", limit=LIMIT)
        if what in plain:
            url = f"/plain/metrics_hits/hit/?{PLAIN[what]}"
            table.add("", "ModelAdmin", timed(lambda url=url: get(client, url), 1), "ms", ours)  # type: ignore[misc]
    progress("")
    return table


def get(client: Any, url: str) -> None:
    """Get a page.

    Raises:
        RuntimeError: the answer is no page.
    """
    status = client.get(url).status_code
    if status != 200:
        raise RuntimeError(f"{url} answered {status}")


def export(name: str, client: Any, table: Table) -> None:
    """Read a whole export and throw it away."""
    progress(f"{name}: export")
    before, start = _memory(), time.perf_counter()
    size = sum(map(len, client.get("/admin/metrics_hits/hit/export.csv")))
    took = time.perf_counter() - start
    progress("")
    table.add(f"export of {size / 1e6:,.0f} MB of CSV", "ours", ROWS / took, "rows/s")
    table.add("", "memory it adds", _memory() - before, "MiB", limit=32)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def prepare() -> Any:
    """Set Django up with both admins; return a browser of a superuser."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client
    from django.urls import path

    from tests import urls
    from tests.hits.admins import Router

    settings.STATSD_CLIENT = "django_metrics_statsd.clients.null"
    call_command("migrate", verbosity=0)
    urls.urlpatterns.append(path("plain/", plain_site().urls))
    from django.contrib.auth.models import User
    from django.db import router

    router.routers = [Router()]
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def tables() -> Iterator[Table]:
    """Measure and yield the tables."""
    client = prepare()
    from tests.hits.admins import ALIAS, analyze
    from tests.hits.databases import database

    with TemporaryDirectory(prefix="hits-admin-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's own user has to pass
        with databases(Path(folder)) as found:
            for name, settings in found.items():
                with database(ALIAS, settings):
                    fill(ALIAS)
                    analyze()
                    table = pages(name, client)
                    export(name, client, table)
                    yield table
