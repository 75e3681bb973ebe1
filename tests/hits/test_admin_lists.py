"""The lists and details of the admin: what they show, to whom, and what they refuse."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils.timezone import localtime

from django_metrics_statsd.hits.looking import showing, spans
from django_metrics_statsd.hits.models import Event, Hit, Timing
from django_metrics_statsd.hits.records import UserAgent
from tests.hits.admins import save
from tests.hits.samples import event, hit, timing

pytestmark = pytest.mark.django_db

HITS = "/admin/metrics_hits/hit/"
EVENTS = "/admin/metrics_hits/event/"
TIMINGS = "/admin/metrics_hits/timing/"


@pytest.fixture
def client() -> Client:
    """A browser of a superuser."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def staff(*models: str) -> Client:
    """A browser of a member of the staff who may view these models."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=[f"view_{each}" for each in models]))
    user.groups.add(Group.objects.create(name="editors"))
    client = Client()
    client.force_login(user)
    return client


def paths(client: Client, query: str = "") -> list[str]:
    """The paths of the hits in the list."""
    response = client.get(HITS + query)
    assert response.status_code == 200, response
    return [row.path for row in response.context["cl"].result_list]


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("url", [HITS, EVENTS, TIMINGS])
def test_an_empty_table_has_a_page(url: str, client: Client) -> None:
    assert "0 " in text(client, url)


def test_the_list_shows_a_hit_with_its_status_in_words(client: Client) -> None:
    save([hit(path="/nowhere/", status_code=404, reason_phrase="Not Found", request_time=1_234.0)])
    page = text(client, HITS)
    assert '<span class="metrics-hits-status metrics-hits-bad">404 Not Found</span>' in page
    for shown in ("/nowhere/", "BookView", "1.23 s", "ada", "United Kingdom", "Chrome"):
        assert shown in page


def test_a_long_path_is_cut_and_what_it_says_is_escaped(client: Client) -> None:
    path = "/<script>alert(1)</script>/" + "x" * 100
    save([hit(path=path)])
    page = text(client, HITS)
    assert "<script>alert" not in page
    assert 'title="/&lt;script&gt;alert(1)&lt;/script&gt;/' + "x" * 100 in page
    assert "x…</span>" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status=5xx", ["/pay/"]),
        ("?status=errors", ["/pay/", "/gone/"]),
        ("?status=2xx", ["/phone/", "/"]),
        ("?slow=1000", ["/pay/"]),
        ("?method=POST", ["/pay/"]),
        ("?method=other", ["/phone/"]),
        ("?login=no", ["/gone/"]),
        ("?agent=bot", ["/gone/"]),
        ("?agent=mobile", ["/phone/"]),
        ("?view=pay", ["/pay/"]),
        ("?site=other", ["/gone/"]),
        ("?q=eve", ["/phone/"]),
        ("?q=user:eve+path:/ph", ["/phone/"]),
        ("?q=pay", ["/pay/"]),
        ("?q=/pa", ["/pay/"]),
        ("?q=404", ["/gone/"]),
        ("?q=2001:db8::7", ["/gone/"]),
        ("?q=2001:DB8:0::7", ["/gone/"]),
        ("?q=ip:nonsense", []),
        ("?q=ip:fe80::1%25eth0", []),
        ("?q=status:nonsense", []),
        ("?q=nobody", []),
        ("?q=" + "x" * 2_000, []),
        ("?status=9xx", ["/pay/", "/phone/", "/gone/", "/"]),
    ],
)
def test_filters_and_search(query: str, found: list[str], client: Client) -> None:
    bot, phone = UserAgent(browser="Googlebot", is_bot=True), UserAgent(is_mobile=True)
    save(
        [
            hit(path="/"),
            hit(
                path="/gone/", status_code=404, ua=bot, site="other", is_authenticated=False, ip="2001:db8::7"
            ),
            hit(path="/phone/", user="eve", ua=phone, method="BREW"),
            hit(path="/pay/", view="pay", status_code=500, request_time=2_000.0, method="POST"),
        ]
    )
    assert paths(client, query) == found


def test_other_lookups_are_refused(client: Client) -> None:
    assert client.get(HITS + "?user_agent__regex=(a%2B)%2B$").status_code == 400


def test_a_wrong_page_or_time_leads_back_to_the_list(client: Client) -> None:
    save([hit()])
    for query in (
        "?during=yesterday",
        "?during=9999",
        "?during=0001",
        "?during=2026-2",
        "?during=2026-13-01",
        "?view=%00",
    ):
        assert client.get(HITS + query)["Location"] == HITS + "?e=1"
        assert client.get(HITS + "export.csv" + query)["Location"] == HITS + "?e=1"


def links(client: Client, query: str = "") -> tuple[Any, list[tuple[str, str]]]:
    """The way back and the choices of the drill-down."""
    drill = client.get(HITS + query).context["cl"].drill
    back = drill["back"] and (drill["back"]["title"], drill["back"]["link"])
    return back, [(each["title"], each.get("link", "")) for each in drill["choices"]]


def test_the_drill_down_goes_from_years_to_hours(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    save(
        [
            hit(path="/old/", time=datetime(2025, 12, 31, 22, 59, tzinfo=UTC)),  # 23:59 there
            hit(path="/new/", time=datetime(2025, 12, 31, 23, 0, tzinfo=UTC)),  # midnight
            hit(path="/late/", time=datetime(2026, 2, 3, 12, 30, tzinfo=UTC)),
        ]
    )
    assert links(client) == (None, [("2025", "?during=2025"), ("2026", "?during=2026")])
    assert paths(client, "?during=2025") == ["/old/"]
    back, months = links(client, "?during=2026")
    assert back == ("All dates", "?")
    assert months == [("January 2026", "?during=2026-01"), ("February 2026", "?during=2026-02")]
    assert paths(client, "?during=2026-02") == ["/late/"]
    back, days = links(client, "?during=2026-02")
    assert back == ("2026", "?during=2026")
    assert [title for title, _ in days] == ["February 1", "February 2", "February 3"]
    assert paths(client, "?during=2026-02-02") == []
    back, hours = links(client, "?during=2026-02-03")
    assert back == ("February 2026", "?during=2026-02")
    assert hours[-1] == ("13:00", "?during=2026-02-03T13")
    assert len(hours) == 14
    assert paths(client, "?during=2026-02-03T13") == ["/late/"]
    assert links(client, "?during=2026-02-03T13") == (
        ("February 3", "?during=2026-02-03"),
        [("Feb. 3, 2026, 13:00", "")],
    )


def test_levels_with_one_choice_are_passed_over(client: Client) -> None:
    save([hit(time=datetime(2026, 5, day, 18, tzinfo=UTC)) for day in (4, 6)])
    assert [title for title, _ in links(client)[1]] == ["May 4", "May 5", "May 6"]
    assert links(client, "?during=2026-05-04")[0] == ("May 2026", "?during=2026-05")


def test_the_hour_that_the_clock_shows_twice_is_both(client: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    for hour in (0, 1):
        save([hit(path=f"/{hour}/", time=datetime(2026, 10, 25, hour, 30, tzinfo=UTC))])
    assert paths(client, "?during=2026-10-25T02") == ["/1/", "/0/"]


def test_without_time_zones_times_are_as_they_are(client: Client, settings: Any) -> None:
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    save([hit(path=f"/{hour}/", time=datetime(2026, 5, 4, hour, 30, tzinfo=UTC)) for hour in (9, 10)])
    assert paths(client, "?during=2026-05-04T11") == ["/9/"]
    assert "2026-05-04 11:30:00" in text(client, HITS)
    assert [title for title, _ in links(client, "?during=2026-05-04")[1]] == ["11:00", "12:00"]
    assert b"".join(client.get(HITS + "export.csv?during=2026-05-04T11")).count(b"\n") == 2  # type: ignore[arg-type]


def test_the_drill_down_keeps_the_filters_and_the_filters_keep_it(client: Client) -> None:
    save([hit(time=datetime(2026, 5, day, 18, tzinfo=UTC), status_code=500) for day in (4, 6)])
    assert links(client, "?status=5xx")[1][0][1] == "?during=2026-05-04&status=5xx"
    changelist = client.get(HITS + "?during=2026-05-04").context["cl"]
    choices = [dict(each) for spec in changelist.filter_specs for each in spec.choices(changelist)]
    assert choices
    assert all("during=2026-05-04" in each["query_string"] for each in choices)


@pytest.mark.parametrize("level", range(4))
def test_a_span_is_written_as_it_is_read(level: int) -> None:
    span = spans.containing(level, datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert spans.read(str(span)) == span
    assert span.start <= datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).replace(tzinfo=None) < span.end
    assert span.end == datetime(2027, 1, 1, tzinfo=UTC).replace(tzinfo=None)


def test_nothing_can_be_added_changed_or_deleted(client: Client) -> None:
    save([hit()])
    page = f"{HITS}{Hit.objects.get().pk}/"
    assert client.get(HITS + "add/").status_code == 403
    assert client.get(page + "delete/").status_code == 403
    assert client.post(page + "change/", {"path": "/other/"}).status_code == 403
    assert Hit.objects.get().path == "/books/7/"
    assert 'name="_save"' not in text(client, page + "change/")


@pytest.mark.parametrize("model", [Hit, Event, Timing])
def test_the_detail_shows_every_field(model: type[Any], client: Client) -> None:
    for record in (hit(), event(), timing()):
        save([record])
    page = text(client, f"/admin/metrics_hits/{model._meta.model_name}/{model.objects.get().pk}/change/")
    for field in model._meta.concrete_fields:
        name = str(field.verbose_name)
        assert f"{name[0].upper()}{name[1:]}:</label>" in page.replace("&#x27;", "'"), name
    assert localtime(model.objects.get().time).isoformat(" ", "microseconds") in page
    assert page.count(">Time:</label>") == 1


def test_without_permission_there_is_nothing_to_see() -> None:
    client = staff("event")
    assert client.get(HITS).status_code == 403
    assert client.get(HITS + "export.csv").status_code == 403
    assert client.get(EVENTS).status_code == 200
    assert Client().get(HITS + "export.csv").status_code == 302


def test_events_are_shown_to_those_who_may_see_them() -> None:
    client = staff("event")
    save(
        [
            event(name="for all", scope="public", groups=()),
            event(name="for the staff", scope="staff", groups=()),
            event(name="for superusers", scope="superuser", groups=()),
            event(name="for editors", scope="superuser", groups=("editors",)),
            event(name="for others", scope="superuser", groups=("editors in chief",)),
        ]
    )
    listed = [row.name for row in client.get(EVENTS).context["cl"].result_list]
    assert listed == ["for editors", "for the staff", "for all"]
    exported = b"".join(client.get(EVENTS + "export.csv")).decode()  # type: ignore[arg-type]
    assert "for editors" in exported
    assert "for superusers" not in exported
    hidden = Event.objects.get(name="for superusers")
    assert client.get(f"{EVENTS}{hidden.pk}/change/").status_code == 302


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=object:shop.Book/7", ["changed"]),
        ("?q=object:shop.Book", ["changed", "made"]),
        ("?q=class:login", ["came"]),
        ("?q=login", ["came"]),
        ("?q=came", ["came"]),
        ("?event_class=login", ["came"]),
        ("?q=ada", ["changed", "made"]),
        ("?q=192.0.2.9", ["came"]),
    ],
)
def test_events_are_found_by_what_they_are_about(query: str, found: list[str], client: Client) -> None:
    came = {"event_class": "login", "user": "bob", "model": "", "obj_pk": "", "ip": "192.0.2.9"}
    save([event(name="made", obj_pk="8"), event(name="changed"), event(name="came", **came)])
    assert [row.name for row in client.get(EVENTS + query).context["cl"].result_list] == found


def test_an_events_links_are_followed_only_where_that_is_safe(client: Client) -> None:
    save(
        [
            event(
                url="javascript:alert(1)", admin_url="/admin/shop/book/7/change/", data={"b": ["<i>"], "a": 1}
            )
        ]
    )
    page = text(client, f"{EVENTS}{Event.objects.get().pk}/change/")
    assert 'href="javascript:' not in page
    assert "javascript:alert(1)" in page
    assert '<a href="/admin/shop/book/7/change/" rel="noopener noreferrer">' in page
    assert "{\n  &quot;a&quot;: 1,\n  &quot;b&quot;: [\n    &quot;&lt;i&gt;&quot;\n  ]\n}" in page


@pytest.mark.parametrize("url", ["/", "/books/?q=1#x", "http://shop.example/", "HTTPS://shop.example/a"])
def test_safe_urls(url: str) -> None:
    assert showing.is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "books/",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "http:javascript",
        "http://[broken",
        "vbscript:x",
        "?next=/",
    ],
)
def test_unsafe_urls(url: str) -> None:
    assert not showing.is_safe(url)


def test_browser_timings_show_the_times_that_matter(client: Client) -> None:
    save([timing(values={"vitals.LCP": 1_204.5, "timing.loadEventEnd": 812.0}), timing(values={})])
    page = text(client, TIMINGS)
    assert "1.20 s" in page
    assert "812.0 ms" in page
    listed = client.get(TIMINGS + "?q=country:GB&device=mobile").context["cl"].result_list
    assert len(listed) == 2


@pytest.mark.parametrize("url", [HITS, EVENTS, TIMINGS])
def test_what_we_add_has_no_script_and_no_style_of_its_own(url: str, client: Client) -> None:
    for record in (hit(status_code=404), event(), timing()):
        save([record])
    page = text(client, url)
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert 'href="/static/metrics_hits/admin.css"' in page or "metrics_hits/admin.css" in page
