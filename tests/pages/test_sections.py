"""Each page links to the others, as far as the reader may see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.pages.urls")]

DASHBOARD, HEALTH, MONITORING = "/dashboard/", "/watchman/dashboard/", "/monitoring/"


@pytest.fixture(autouse=True)
def quiet(settings: Any) -> None:
    settings.WATCHMAN_CHECKS = ["caches"]
    settings.STATIC_URL = "/static/"


def links(client: Client, path: str) -> dict[str, str]:
    """The links between pages: where they lead, and what is current."""
    html = client.get(path).content.decode()
    nav = re.search(r'<nav class="nav no-print" aria-label="Pages">(.*?)</nav>', html)
    found = re.findall(r'<a href="([^"]+)"(?: aria-current="(\w+)")?>', nav[1]) if nav else []
    return dict(found)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create(username="root", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("path", [DASHBOARD, HEALTH, MONITORING])
def test_who_may_see_all_has_links_to_all_and_knows_where_he_is(staff: Client, path: str) -> None:
    assert links(staff, path) == {DASHBOARD: "", HEALTH: "", MONITORING: ""} | {path: "page"}


def test_below_a_page_its_link_is_marked(staff: Client) -> None:
    assert links(staff, f"{MONITORING}stats/")[MONITORING] == "true"


def test_others_have_links_to_what_they_may_see(client: Client, settings: Any) -> None:
    user = User.objects.create(username="ann")
    user.user_permissions.add(Permission.objects.get(codename="can_view_dashboard"))
    client.force_login(user)
    assert links(client, DASHBOARD) == {DASHBOARD: "page", HEALTH: ""}
    settings.WATCHMAN_TOKENS = "secret"
    settings.WATCHMAN_AUTH_DECORATOR = "django_metrics_statsd.health.decorators.token_required"
    assert links(client, DASHBOARD) == {}  # a link to where one is already would be of no use


def test_strangers_learn_of_nothing_else(client: Client, settings: Any) -> None:
    settings.DASHBOARD_REQUIRE_LOGIN = False
    settings.WATCHMAN_AUTH_DECORATOR = "django.contrib.auth.decorators.login_required"
    assert links(client, DASHBOARD) == {}


def test_a_wall_screen_has_no_links(staff: Client) -> None:
    assert links(staff, f"{DASHBOARD}?kiosk") == {}


@pytest.mark.urls("tests.dashboard.urls")
def test_what_is_not_in_the_urls_has_no_link(staff: Client) -> None:
    assert links(staff, DASHBOARD) == {}
