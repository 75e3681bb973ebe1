"""Health under each application server: status, probes, and what stands in the way of probes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.health_servers.serving import PROXIED, SERVERS, HealthSite
from tests.services.harness import Server, wait_until
from tests.services.stores import PostgreSQL

COUNTED = "tests.health_servers.site.Counted"


def settings_of(postgresql: PostgreSQL, **options: Any) -> dict[str, Any]:
    return {
        "DATABASES": {"default": {**postgresql.settings(), **options}},
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        "WATCHMAN_CHECKS": ["databases", "caches", "storage", COUNTED],
        "WATCHMAN_TIMEOUT": 20.0,
        "WATCHMAN_CACHE_SECONDS": 0.2,
    }


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_answers_what_is_asked(postgresql: PostgreSQL, tmp_path: Path, name: str) -> None:
    with HealthSite(name.split()[0], SERVERS[name](), tmp_path, **settings_of(postgresql)) as site:
        for _ in range(5):
            status = site.status()
            assert list(status) == ["databases", "caches", "storage", "counted"]
            assert status["databases"][0]["default"]["state"] == "ok"
        assert site.ask("/livez") == (200, b"ok\n")
        assert site.ask("/readyz") == (200, b"ok\n")
        assert site.ask("/startupz") == (503, b"fail\n")  # nobody has migrated this database
        assert site.ask("/")[0] in {301, 400}  # what is no probe is refused or sent on
        assert site.ask("/watchman/ready/", **PROXIED)[0] == 200
        assert site.ask("/watchman/", **PROXIED)[0] == 403
        assert site.ask("/", **PROXIED) == (200, b"a shop")
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("name", ["gunicorn threads", "uvicorn"])
@pytest.mark.parametrize(
    "options",
    [
        {"CONN_MAX_AGE": 600},
        {"ATOMIC_REQUESTS": True},
        {"OPTIONS": {"pool": {"min_size": 1, "max_size": 3, "timeout": 2}}},
    ],
    ids=["kept connections", "atomic requests", "pool"],
)
def test_a_database_goes_and_comes_back(
    postgresql: PostgreSQL, tmp_path: Path, name: str, options: Any
) -> None:
    """However the site holds its connections, it is told that the database is away, and that it is back."""
    with HealthSite(name.split()[0], SERVERS[name](), tmp_path, **settings_of(postgresql, **options)) as site:
        assert site.ask("/readyz") == (200, b"ok\n")
        postgresql.stop()
        try:
            wait_until(lambda: site.ask("/readyz")[0] == 503, "the database to be missed")
            assert site.ask("/livez") == (200, b"ok\n")
            status = site.status()
            assert status["databases"][0]["default"]["ok"] is False
            assert status["caches"][0]["default"]["ok"] is True
        finally:
            Server.start(postgresql)
        wait_until(lambda: site.ask("/readyz")[0] == 200, "the database to be seen again")
