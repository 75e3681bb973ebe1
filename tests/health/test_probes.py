"""Probes: live, ready, startup, by address and by the middleware that goes before everything."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.test import AsyncClient, Client, RequestFactory

from django_metrics_statsd.health.loading import loaded
from django_metrics_statsd.health.middleware import ProbeMiddleware
from tests.health import samples

pytestmark = pytest.mark.django_db

OURS = "django_metrics_statsd.health.middleware.ProbeMiddleware"


@pytest.fixture
def strict(settings: Any) -> None:
    """A site that redirects to HTTPS, knows one host, and wants everybody to log in."""
    settings.ALLOWED_HOSTS = ["shop.example.com"]
    settings.SECURE_SSL_REDIRECT = True
    settings.MIDDLEWARE = [
        OURS,
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]


def probe(path: str, **extra: Any) -> Any:
    return Client().get(path, headers={"host": "10.1.2.3:8000"}, **extra)


@pytest.mark.parametrize("name", ["live", "ready"])
def test_a_probe_is_200_when_all_is_well(name: str) -> None:
    response = Client().get(f"/watchman/{name}/?format=text")
    assert (response.status_code, response.content.splitlines()[0]) == (200, b"ok")


def test_ready_is_503_when_a_check_fails(settings: Any) -> None:
    settings.WATCHMAN_GROUPS = {"ready": ["tests.health.samples.broken", "caches"]}
    response = Client().get("/watchman/ready/")
    assert response.status_code == 503
    assert response.json() == {
        "broken": {"ok": False, "state": "fail"},
        "caches": [{"default": {"ok": True, "state": "ok"}}],
    }
    settings.WATCHMAN_ERROR_CODE = 500
    assert Client().get("/watchman/ready/").status_code == 500


def test_startup_looks_for_migrations() -> None:
    response = Client().get("/watchman/startup/")
    assert response.status_code == 200
    assert response.json()["migrations"] == [{"default": {"ok": True, "state": "ok"}}]


def test_live_touches_nothing(settings: Any, django_assert_num_queries: Any) -> None:
    settings.WATCHMAN_CHECKS = ["tests.health.samples.my_check"]
    before = dict(samples.runs)
    with django_assert_num_queries(0):
        assert Client().get("/watchman/live/").json() == {"live": {"ok": True, "state": "ok"}}
    assert samples.runs == before


def test_a_failing_probe_mails_nobody(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    settings.WATCHMAN_GROUPS = {"ready": ["tests.health.samples.broken"]}
    with caplog.at_level(logging.WARNING, "django.request"):
        assert Client().get("/watchman/ready/").status_code == 503
    assert [record for record in caplog.records if record.name == "django.request"] == []


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_the_middleware_answers_before_hosts_redirects_and_logins(path: str) -> None:
    response = probe(path)
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.usefixtures("strict")
def test_other_paths_are_the_sites() -> None:
    assert Client().get("/livez/", headers={"host": "shop.example.com"}).status_code == 301
    assert probe("/watchman/").status_code in {301, 400}
    assert Client().post("/livez", headers={"host": "shop.example.com"}).status_code == 301


@pytest.mark.usefixtures("strict")
def test_the_middleware_tells_no_detail(settings: Any) -> None:
    settings.DEBUG = True
    settings.WATCHMAN_GROUPS = {"ready": ["tests.health.samples.broken"]}
    response = probe("/readyz")
    assert (response.status_code, response.content) == (503, b"fail\n")


@pytest.mark.usefixtures("strict")
def test_the_paths_are_a_setting(settings: Any) -> None:
    settings.WATCHMAN_PROBES = {"/up": "storage"}
    settings.WATCHMAN_GROUPS = {"storage": ["storage"]}
    assert probe("/up").content == b"ok\n"
    assert probe("/livez").status_code == 301 or probe("/livez").status_code == 400


@pytest.mark.usefixtures("strict")
def test_the_middleware_is_async_in_an_async_site() -> None:
    async def ask() -> tuple[int, bytes]:
        response = await AsyncClient().get("/readyz", headers={"host": "10.1.2.3"})
        return response.status_code, response.content

    assert asyncio.run(ask()) == (200, b"ok\n")
    assert asyncio.iscoroutinefunction(ASGIHandler().get_response_async)


def test_the_middleware_passes_on_what_is_no_probe() -> None:
    async def site(request: Any) -> HttpResponse:
        return HttpResponse("shop")

    def sync_site(request: Any) -> HttpResponse:
        return HttpResponse("shop")

    request = RequestFactory().get("/books/")
    assert asyncio.run(ProbeMiddleware(site)(request)).content == b"shop"  # type: ignore[arg-type]
    assert ProbeMiddleware(sync_site)(request).content == b"shop"  # type: ignore[union-attr]


@pytest.mark.usefixtures("strict")
def test_a_site_with_required_logins_still_answers_probes_at_their_addresses(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = False
    client = Client(headers={"host": "shop.example.com"})
    assert client.get("/watchman/ready/").status_code == 200
    assert client.get("/watchman/").status_code == 302
    settings.WATCHMAN_TOKENS = "a-token-of-mine"
    assert client.get("/watchman/?watchman-token=a-token-of-mine").status_code == 200


def test_a_probe_of_a_group_that_there_is_not_fails(settings: Any) -> None:
    settings.WATCHMAN_PROBES = {"/readyz": "typo"}
    middleware = ProbeMiddleware(lambda request: HttpResponse())
    assert middleware(RequestFactory().get("/readyz")).status_code == 503  # type: ignore[union-attr]
    assert loaded.now.group("typo") == loaded.now.group("typo")  # one check, whose result can be shared
