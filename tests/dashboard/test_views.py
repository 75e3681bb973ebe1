"""Who gets what from the dashboard's views, and what a user's order may be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from django_metrics_statsd.dashboard.live import changes
from django_metrics_statsd.dashboard.models import Layout, Widget
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import DashboardWidgetPool

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.dashboard.urls")]
PATHS = ("/dashboard/events", "/dashboard/changes", "/dashboard/widget/One")


class One(DashboardWidgetBase):
    template_name = "metrics_dashboard/needs.html"

    def get_context_data(self) -> dict[str, Any]:
        return {"need": {"what": "<b>", "how": ""}}


class Two(One):
    permission = "auth.view_user"


class Broken(One):
    def get_context_data(self) -> dict[str, Any]:
        raise ValueError("secret detail")


@pytest.fixture(autouse=True)
def widgets(pool: DashboardWidgetPool) -> None:
    for each in (One, Two, Broken):
        pool.register_widget(each)


@pytest.fixture
def user() -> User:
    made = User.objects.create_user("viewer")
    made.user_permissions.add(Permission.objects.get(codename="can_view_dashboard"))
    return made


@pytest.fixture
def viewer(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_who_is_not_logged_in_is_sent_to_log_in_and_scripts_get_403(client: Client) -> None:
    assert client.get("/dashboard/")["Location"] == "/accounts/login/?next=/dashboard/"
    assert [client.get(path).status_code for path in PATHS] == [403, 403, 403]
    assert client.post("/dashboard/layout").status_code == 403


def test_who_lacks_the_permission_gets_403(client: Client) -> None:
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    assert [client.get(path).status_code for path in ("/dashboard/", *PATHS)] == [403, 403, 403, 403]


def test_everybody_may_look_where_no_login_is_required(client: Client, settings: Any) -> None:
    settings.DASHBOARD_REQUIRE_LOGIN = False
    assert client.get("/dashboard/").status_code == 200
    assert [client.get(path).status_code for path in PATHS] == [204, 200, 200]
    answer = client.post("/dashboard/layout", '{"order": []}', content_type="application/json")
    assert answer.status_code == 403
    assert not Layout.objects.exists()


def test_a_widget_with_a_permission_of_its_own_is_for_those_who_have_it(viewer: Client, user: User) -> None:
    assert b'data-tile="Two"' not in viewer.get("/dashboard/").content
    assert viewer.get("/dashboard/widget/Two").status_code == 404
    user.user_permissions.add(Permission.objects.get(codename="view_user"))
    assert viewer.get("/dashboard/widget/Two").status_code == 200


def test_a_widget_that_is_switched_off_is_gone(viewer: Client) -> None:
    Widget.objects.create(name="One", enabled=False)
    assert b'data-tile="One"' not in viewer.get("/dashboard/").content
    assert viewer.get("/dashboard/widget/One").status_code == 404


def test_a_tile_that_cannot_be_drawn_says_so_and_to_staff_why(viewer: Client, user: User) -> None:
    answer = viewer.get("/dashboard/widget/Broken")
    assert answer.status_code == 200
    assert b"cannot be shown" in answer.content
    assert b"secret detail" not in answer.content
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert b"ValueError: secret detail" in viewer.get("/dashboard/widget/Broken").content


def test_staff_sees_why_an_update_failed(viewer: Client, user: User) -> None:
    Widget.objects.create(name="One", last_error="LookupError: <x>")
    assert b"LookupError" not in viewer.get("/dashboard/widget/One").content
    User.objects.filter(pk=user.pk).update(is_staff=True)
    assert b"LookupError: &lt;x&gt;" in viewer.get("/dashboard/widget/One").content


def test_what_widgets_say_is_escaped(viewer: Client) -> None:
    assert b"&lt;b&gt;" in viewer.get("/dashboard/widget/One").content


@pytest.mark.parametrize("since", ["", "0", "-1", "x", "9" * 40, "1.5"])
def test_any_number_from_outside_is_answered(viewer: Client, since: str) -> None:
    changes.record(["One"])
    answer = viewer.get("/dashboard/changes", {"since": since}).json()
    assert (answer["seq"], answer["keys"]) == (1, ["One"])


def test_a_number_from_before_the_table_was_emptied_gets_everything(viewer: Client) -> None:
    changes.record(["One"])
    assert viewer.get("/dashboard/changes", {"since": "77"}).json()["keys"] == ["One"]
    assert viewer.get("/dashboard/changes", {"since": "1"}).json()["keys"] == []


def post(client: Client, data: Any) -> Any:
    body = data if isinstance(data, str) else json.dumps(data)
    return client.post("/dashboard/layout", body, content_type="application/json")


def test_the_order_and_size_of_a_user_are_kept_and_forgotten(viewer: Client) -> None:
    wanted = {"order": ["Broken", "One", "Gone", "Two"], "sizes": {"One": [9, 0], "Gone": [1, 1]}}
    assert post(viewer, wanted).status_code == 204
    kept = Layout.objects.get()
    assert (kept.order, kept.sizes) == (["Broken", "One"], {"One": [4, 1]})
    page = viewer.get("/dashboard/").content.decode()
    assert page.index('data-tile="Broken"') < page.index('data-tile="One"')
    assert 'class="card tile w4 h1"' in page
    assert post(viewer, {"reset": True}).status_code == 204
    assert not Layout.objects.exists()


@pytest.mark.parametrize("data", ["", "[", "[]", "{}", '{"order": 1}', '{"order": [], "sizes": {"One": 3}}'])
def test_an_order_of_another_shape_is_refused(viewer: Client, data: str) -> None:
    assert post(viewer, data).status_code == 400
    assert post(viewer, '{"order": ["' + "x" * 70_000 + '"]}').status_code == 413


def test_an_order_without_a_token_is_refused(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert post(client, {"order": []}).status_code == 403


def test_the_page_has_nothing_inline_and_a_wall_screen_nothing_to_press(viewer: Client) -> None:
    page = viewer.get("/dashboard/").content.decode()
    assert "style=" not in page
    assert all("src=" in part[: part.index(">")] for part in page.split("<script")[1:])
    assert "data-arrange" not in viewer.get("/dashboard/?kiosk").content.decode()


def test_an_empty_dashboard_says_what_to_do(viewer: Client, pool: DashboardWidgetPool) -> None:
    pool._widgets = {}
    assert b"There is no widget yet" in viewer.get("/dashboard/").content
