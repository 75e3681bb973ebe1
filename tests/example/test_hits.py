"""The example records its hits and events: in its own database, with places, browsers, and a way to look."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from user_agents import parse

from example.shop import people, places
from tests.example.browser import Page
from tests.example.conftest import Demo, eventually
from tests.example.test_demo import run

Start = Callable[..., Demo]
Row = dict[str, Any]

LONDON = "81.2.69.161"
LISTS = {
    "Hits": "/admin/metrics_hits/hit/",
    "Events": "/admin/metrics_hits/event/",
    "Browser timings": "/admin/metrics_hits/timing/",
}


def hits_of(demo: Demo, agent: str, count: int = 1) -> list[Row]:
    """What one user agent has caused, once it is `count` hits."""
    found: list[Row] = []

    def came() -> bool:
        found[:] = [hit for hit in demo.recorded("hit") if hit["user_agent"] == agent]
        return len(found) >= count

    assert eventually(came), found
    return found


def one_click(demo: Demo, path: str, **headers: str) -> Page:
    page = demo.browser.get("/").text
    token = re.search('name="csrfmiddlewaretoken" value="(.+?)"', page)
    assert token is not None
    return demo.browser.ask("POST", "/look/", f"next={path}&csrfmiddlewaretoken={token[1]}", **headers)


def test_visitors_fill_the_tables_by_themselves(start: Start) -> None:
    demo = start()

    def has_all() -> bool:
        hits = demo.recorded("hit")
        return (
            len(hits) >= 20
            and all(hit["ip"] and hit["country_code"] and hit["browser"] for hit in hits)
            and any(hit["num_queries"] and hit["queries_time"] for hit in hits)
            and any(hit["city"] for hit in hits)
            and {"book_list", "BookDetail"} <= {hit["view"] for hit in hits}
            and any(event["event_class"] in {"User login", "Warning"} for event in demo.recorded("event"))
        )

    assert eventually(has_all, 30), demo.recorded("hit")
    latest = demo.browser.json("/stats")["latest"]
    assert len(latest) == 8
    assert all(row["place"] and row["took"].endswith(" ms") for row in latest)
    demo.stop()
    assert demo.stderr() == ""


def test_a_hit_has_the_place_of_whom_the_proxy_names(demo: Demo) -> None:
    agent = people.SHOPKEEPER.user_agent
    demo.browser.ask("GET", "/books/emma/?q=secret", X_Forwarded_For=LONDON, User_Agent=agent)
    (hit,) = hits_of(demo, agent)
    expected = {
        "site": "bookshop",
        "method": "GET",
        "path": "/books/emma/",
        "route": "books/<slug:slug>/",
        "module": "shop.views",
        "view": "BookDetail",
        "status_code": 200,
        "ip": LONDON,
        "city": "London",
        "country_name": "United Kingdom",
        "browser": "Firefox",
        "os": "Linux",
        "is_pc": 1,
    }
    assert hit | expected == hit
    assert hit["num_queries"] >= 1
    assert hit["doc_size"] > 1_000


def test_what_tells_nothing_is_left_out(demo: Demo) -> None:
    agent = {"User_Agent": "left out"}
    for path in ("/stats", "/static/shop/site.css", "/favicon.ico", "/admin/jsi18n/", "/wanted/"):
        demo.browser.ask("GET", path, **agent)
    assert [hit["path"] for hit in hits_of(demo, "left out")] == ["/wanted/"]


def test_events_of_the_shop_its_models_its_users_and_its_log(demo: Demo) -> None:
    browser, before = demo.browser, len(demo.recorded("event"))
    browser.get("/books/emma/")
    assert browser.post("/books/emma/aside/").headers["Location"] == "/books/emma/"
    assert "yours until Saturday" in browser.get("/books/emma/").text
    browser.get("/wanted/")
    browser.post("/wanted/", title="Cranford", author="Elizabeth Gaskell", most="7")
    demo.log_in("not the password")
    demo.log_in()
    browser.get("/till/")
    assert eventually(lambda: len(demo.recorded("event")) >= before + 5), demo.recorded("event")
    events = {event["event_class"]: event for event in demo.recorded("event")[before:]}
    assert sorted(events) == ["Log ERROR", "Order", "User login", "Wanted created", "Warning"]
    order = events["Order"]
    assert (order["name"], order["model"], order["url"]) == ("Put aside: Emma", "shop.Book", "/books/emma/")
    assert json.loads(order["data"]) == {"genre": "novel", "price": "3.00"}
    assert json.loads(events["Warning"]["data"]) == {"username": "demo"}
    assert "TillError: the drawer does not open" in events["Log ERROR"]["notes"]
    assert "not the password" not in str(demo.recorded("event"))


def test_what_browsers_report_is_recorded_too(demo: Demo) -> None:
    before = len(demo.recorded("timing"))
    vitals = '{"client": "vitals", "metrics": [{"name": "LCP", "value": 3000}]}'
    assert demo.browser.report(vitals, Content_Type="text/plain").status == 204
    assert eventually(lambda: len(demo.recorded("timing")) == before + 1)
    assert json.loads(demo.recorded("timing")[-1]["values"])["vitals.LCP"] == 3000


def test_one_click_opens_each_list_and_none_asks_many_queries(demo: Demo) -> None:
    front = demo.browser.get("/").text
    for title, path in LISTS.items():
        assert f'<button name="next" value="{path}">{title}</button>' in front
        assert one_click(demo, path).headers["Location"] == path
    front = demo.browser.get("/").text
    for title, path in LISTS.items():
        assert f'<a href="{path}">{title}</a>' in front
        page = demo.browser.ask("GET", path, User_Agent=f"looks at {title}")
        assert page.status == 200
        assert "Export CSV" in page.text or "No " in page.text or "0 " in page.text
        (hit,) = hits_of(demo, f"looks at {title}")
        assert hit["num_queries"] <= 15, hit
        assert (hit["user"], hit["is_superuser"]) == ("demo", 1)


def test_one_click_leads_nowhere_else_and_is_for_this_machine_alone(demo: Demo) -> None:
    assert one_click(demo, "/admin/", X_Forwarded_For=LONDON).status == 404
    assert one_click(demo, "/admin/", Forwarded=f"for={LONDON}").status == 404
    assert demo.browser.ask("GET", "/look/").status == 405
    assert "sessionid" not in demo.browser.cookies
    demo.browser.get("/")
    assert demo.browser.ask("POST", "/look/", "next=/admin/").status == 403  # without the form's token
    assert one_click(demo, "//evil.example/").headers["Location"] == "/admin/"


def test_one_click_is_closed_unless_the_demo_serves(tmp_path: Path) -> None:
    program = (
        "from shop.management.commands.demo import prepare; prepare(); "
        "from django.test import Client; client = Client(SERVER_NAME='localhost'); "
        "page = client.get('/').content.decode(); "
        "print(client.post('/look/').status_code, '<button name=\"next\"' in page, "
        "'/admin/metrics_hits/hit/' in page)"
    )
    assert run("shell", "-c", program, folder=tmp_path).stdout.endswith("404 False True\n")


def test_hits_have_a_database_of_their_own(demo: Demo) -> None:
    def tables(name: str) -> set[str]:
        with closing(sqlite3.connect(demo.folder / name)) as database:
            return {row[0] for row in database.execute("select name from sqlite_master where type = 'table'")}

    shop, hits = tables("demo.sqlite3"), tables("demo_hits.sqlite3")
    assert {"metrics_hits_hit", "metrics_hits_event", "metrics_hits_timing"} <= hits
    assert not any(name.startswith(("shop_", "auth_")) for name in hits)
    assert not any(name.startswith("metrics_hits_") for name in shop)


def test_every_place_is_found_in_the_database_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "places.mmdb"
    places.make(path)
    assert path.stat().st_size < 10_000
    with maxminddb.open_database(path) as reader:
        for place in places.PLACES:
            found = reader.get(place.network.partition("/")[0])
            assert isinstance(found, dict)
            assert found["country"] == {"iso_code": place.code, "names": {"en": place.country}}
            assert ("city" in found) is bool(place.city)
        before = path.stat().st_mtime_ns
        places.make(path)
        assert path.stat().st_mtime_ns == before
        for person in (people.somebody() for _ in range(300)):
            assert ip_address(person.address).is_global
            assert reader.get(person.address) is not None


def test_visitors_are_a_mix_of_screens_and_bots() -> None:
    crowd = Counter(kind for _ in range(600) for kind in kinds(people.somebody()))
    assert min(crowd[kind] for kind in ("pc", "mobile", "tablet", "bot")) > 5
    assert crowd["program"] < 120


def kinds(person: people.Person) -> list[str]:
    agent = parse(person.user_agent)
    found = {"pc": agent.is_pc, "mobile": agent.is_mobile, "tablet": agent.is_tablet, "bot": agent.is_bot}
    return [kind for kind, holds in {**found, "program": person.is_program}.items() if holds]


@pytest.mark.parametrize("agent", [*people.BROWSERS, *people.PROGRAMS])
def test_every_user_agent_is_one_that_is_known(agent: str) -> None:
    assert parse(agent).browser.family != "Other"
