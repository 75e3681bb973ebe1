"""Tokens, decorators, and who is told what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from django_metrics_statsd.health import access
from django_metrics_statsd.health.decorators import check, token_required
from tests.health.samples import only_with_key

pytestmark = pytest.mark.django_db

TOKEN = "3f7c-a-long-one"


def status_of(query: str = "", **headers: str) -> int:
    return Client().get(f"/watchman/{query}", headers=headers).status_code


@pytest.fixture
def tokens(settings: Any) -> None:
    settings.WATCHMAN_TOKENS = f"first-token,{TOKEN}"


def test_the_seeds_token_is_a_get_parameter(settings: Any) -> None:
    settings.WATCHMAN_TOKEN = TOKEN
    assert status_of() == 403
    assert status_of("?watchman-token=wrong") == 403
    assert status_of(f"?watchman-token={TOKEN}") == 200
    settings.WATCHMAN_TOKEN_NAME = "custom-token-name"
    assert status_of(f"?watchman-token={TOKEN}") == 403
    assert status_of(f"?custom-token-name={TOKEN}") == 200


def test_there_may_be_several_tokens(settings: Any) -> None:
    for given in ("first-token, " + TOKEN, ["first-token", TOKEN], ("first-token", TOKEN)):
        settings.WATCHMAN_TOKENS = given
        assert status_of("?watchman-token=first-token") == 200
        assert status_of(f"?watchman-token={TOKEN}") == 200
        assert status_of(f"?watchman-token=first-token,{TOKEN}") == 403
    settings.WATCHMAN_TOKEN = "and-one-more"
    assert status_of("?watchman-token=and-one-more") == 200


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        f'WATCHMAN-TOKEN Token="{TOKEN}"',
        f"WATCHMAN-TOKEN Token={TOKEN}",
    ],
)
def test_a_token_may_be_a_header(header: str) -> None:
    assert status_of(authorization=header) == 200


@pytest.mark.usefixtures("tokens")
@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer nope", f"Basic {TOKEN}", "WATCHMAN-TOKEN Token=", "\xe9" * 9_000],
)
def test_other_headers_are_refused(header: str) -> None:
    assert status_of(authorization=header) == 403


@pytest.mark.usefixtures("tokens")
def test_a_header_goes_before_the_query_string() -> None:
    assert status_of(f"?watchman-token={TOKEN}", authorization="Bearer wrong") == 403
    assert status_of("?watchman-token=wrong", authorization=f"Bearer {TOKEN}") == 200
    assert status_of(f"?watchman-token={TOKEN}", authorization="Basic YTpi") == 200


@pytest.mark.usefixtures("tokens")
def test_every_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(access, "constant_time_compare", compare)
    assert status_of("?watchman-token=first-token") == 200
    assert {("first-token", "first-token"), ("first-token", TOKEN)} <= set(compared)


@pytest.mark.usefixtures("tokens")
def test_the_page_is_protected_and_probes_are_not() -> None:
    assert Client().get("/watchman/dashboard/").status_code == 403
    for probe in ("ping", "live", "ready"):
        assert Client().get(f"/watchman/{probe}/").status_code == 200


@pytest.mark.usefixtures("tokens")
def test_a_probe_with_a_token_is_told_more() -> None:
    url = "/watchman/ready/"
    assert b"duration_ms" not in Client().get(url).content
    assert b"duration_ms" in Client().get(url, headers={"authorization": f"Bearer {TOKEN}"}).content


def test_a_decorator_of_djangos_protects(settings: Any, django_user_model: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = "django.contrib.admin.views.decorators.staff_member_required"
    settings.ROOT_URLCONF = "tests.health.urls_admin"
    assert Client().get("/watchman/").status_code == 302
    client = Client()
    client.force_login(django_user_model.objects.create_user("eve", is_staff=True))
    assert "duration_ms" in client.get("/watchman/?check=storage").json()["storage"]


def test_a_decorator_of_the_sites_protects_and_makes_trusted(settings: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = "tests.health.samples.only_with_key"
    assert status_of() == 401
    assert "duration_ms" in Client().get("/watchman/?key=let+me+in").json()["storage"]
    settings.WATCHMAN_AUTH_DECORATOR = only_with_key
    assert status_of() == 401


def test_the_old_path_of_the_decorator_works(settings: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = "watchman.decorators.token_required"
    settings.WATCHMAN_TOKEN = TOKEN
    assert status_of() == 403
    assert status_of(f"?watchman-token={TOKEN}") == 200


def test_none_protects_nothing_and_trusts_nobody(settings: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = None
    assert "duration_ms" not in Client().get("/watchman/").json()["storage"]


def test_with_a_decorator_that_cannot_be_had_nobody_gets_in(settings: Any, faults: Any) -> None:
    settings.WATCHMAN_AUTH_DECORATOR = "nowhere.to.be.found"
    assert status_of() == 403
    assert faults["health.auth"] == 1


@pytest.mark.usefixtures("tokens")
def test_token_required_protects_async_views() -> None:
    @token_required
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    factory = RequestFactory()
    assert asyncio.run(view(factory.get("/"))).status_code == 403
    assert asyncio.run(view(factory.get("/", {"watchman-token": TOKEN}))).status_code == 200


def test_check_names_an_argument_and_takes_coroutines() -> None:
    @check
    def one(alias: str) -> Any:
        raise ValueError("gone")

    @check
    async def other() -> Any:
        raise ValueError("gone too")

    assert one("default")["default"]["error"] == "gone"
    assert asyncio.run(other())["error"] == "gone too"
