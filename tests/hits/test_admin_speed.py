"""What the admin's lists cost the database: a bounded number of queries, none of which reads the table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localtime

from django_metrics_statsd.hits.ids import Ids, moment
from django_metrics_statsd.hits.models import Hit
from tests.hits import admins
from tests.hits.database_servers import mariadb_server, postgresql_server
from tests.hits.databases import database
from tests.hits.samples import hits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_metrics_statsd.hits.records import HitRecord

__all__ = ["mariadb_server", "postgresql_server"]  # fixtures

COUNT = 30_000
REACH = 2_000
PAGE = 100
RARE = 40
#: Rows that one query may read: the 10,001 that are counted, and as many that it passes by. A view that has
#: half of all hits is had from the index of times as well as from its own.
MOST = 22_000

pytestmark = [pytest.mark.django_db(databases=["default", admins.ALIAS])]


@pytest.fixture(
    scope="module",
    params=["sqlite", *(pytest.param(each, marks=pytest.mark.service) for each in ("postgresql", "mariadb"))],
)
def engine(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[str]:
    """A database with hits of two days; server errors were but at the beginning, and of one user."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("sqlite") / "hits.sqlite3"
        settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": file}
    else:
        settings = request.getfixturevalue(f"{request.param}_server").settings()
    with django_db_blocker.unblock(), database(admins.ALIAS, settings):
        admins.save(made(), admins.ALIAS)
        admins.analyze()
        yield request.param


def made() -> list[HitRecord]:
    records = hits(COUNT, days=2)
    for number, record in enumerate(records):
        if record.status_code == 500:
            record.status_code = 200
        if number < RARE:
            record.status_code, record.user, record.is_superuser = 503, "rare", True
    return records


@pytest.fixture
def client(engine: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser of a superuser; the admin reads where the router says."""
    settings.DATABASE_ROUTERS = [admins.Router()]
    monkeypatch.setattr(site._registry[Hit], "reach", REACH)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def day() -> str:
    """The day of the first hits, as the drill-down writes it."""
    return f"{localtime(Hit.objects.order_by('time')[0].time):%Y-%m-%d}"


ASKED = {
    "the first page": "",
    "a late page": "p=90",
    "server errors, which are rare and old": "status=5xx",
    "successes, which are most": "status=2xx",
    "a day": "during=DAY",
    "an hour": "during=DAYT13",
    "a user": "q=rare",
    "a user who is there often": "q=user:user7",
    "a view": "view=BookView",
    "a status": "q=503",
    "nobody": "q=nobody",
    "a path": "q=/basket/",
    "an address": "q=192.0.2.1",
    "a kind that nobody is": "login=staff",
    "server errors of a day": "status=5xx&during=DAY",
    "a view's errors by bots": "view=BookView&agent=bot&status=errors",
    "a user in a view": "q=user:rare&view=pay",
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_list_is_had_with_a_few_queries_that_indexes_serve(asked: str, client: Client) -> None:
    query = ASKED[asked].replace("DAY", day())
    with CaptureQueriesContext(connections[admins.ALIAS]) as captured:
        response = client.get(f"/admin/metrics_hits/hit/?{query}")
    assert response.status_code == 200
    assert len(captured) <= 10, captured.captured_queries
    for sql, plan in admins.plans(captured.captured_queries):
        assert not admins.scans_all(plan), f"{sql}\n{plan}"


@pytest.mark.service
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("asked", ASKED)
def test_no_query_reads_more_rows_than_the_bounds_allow(asked: str, client: Client) -> None:
    query = ASKED[asked].replace("DAY", day())
    with CaptureQueriesContext(connections[admins.ALIAS]) as captured:
        client.get(f"/admin/metrics_hits/hit/?{query}")
    for sql, plan in admins.plans(captured.captured_queries):
        assert admins.rows_read(plan) <= MOST, f"{sql}\n{plan}"


def test_rare_rows_are_found_however_old(client: Client) -> None:
    changelist = client.get("/admin/metrics_hits/hit/?status=5xx").context["cl"]
    assert changelist.result_count == RARE
    assert not list(changelist.notes)


def test_a_search_for_what_no_index_has_says_how_far_it_looked(client: Client) -> None:
    response = client.get("/admin/metrics_hits/hit/?q=/basket/")
    changelist = response.context["cl"]
    assert 0 < changelist.result_count < REACH
    [note] = changelist.notes
    assert "The newest 2000 were looked at, back to " in note
    assert note.split(",")[0] in response.content.decode()


def test_a_count_stops_and_says_that_there_is_more(client: Client, settings: Any) -> None:
    response = client.get("/admin/metrics_hits/hit/")
    changelist = response.context["cl"]
    assert changelist.result_count == 10_000
    page = response.content.decode()
    assert "There are more than 10000." in page
    assert "10000+ hits" in page
    settings.USE_THOUSAND_SEPARATOR = True
    assert "10,000 hits" in client.get("/admin/metrics_hits/hit/").content.decode()
    assert changelist.paginator.num_pages == 100


def test_pages_follow_each_other_newest_first(client: Client) -> None:
    seen: list[Any] = []
    for page in (1, 2, 3):
        changelist = client.get(f"/admin/metrics_hits/hit/?p={page}").context["cl"]
        seen += [row.pk for row in changelist.result_list]
    newest = Hit.objects.order_by("-time", "-id").values_list("pk", flat=True)[: 3 * PAGE]
    assert seen == list(newest)


def test_ids_sort_as_times_do(client: Client) -> None:
    by_id = Hit.objects.order_by("-id").values_list("pk", flat=True)[:500]
    by_time = Hit.objects.order_by("-time", "-id").values_list("pk", flat=True)[:500]
    assert list(by_id) == list(by_time)
    later = moment(0) + timedelta(days=40_000)
    assert Ids()(int(later.timestamp() * 1e6)) > by_id[0]


def test_an_export_reads_slices_that_indexes_serve(client: Client) -> None:
    with CaptureQueriesContext(connections[admins.ALIAS]) as captured:
        response = client.get("/admin/metrics_hits/hit/export.csv")
        lines = sum(part.count(b"\n") for part in response)  # type: ignore[attr-defined]
    assert lines == COUNT + 1
    for sql, plan in admins.plans(captured.captured_queries):
        assert not admins.scans_all(plan), f"{sql}\n{plan}"


def test_an_export_has_what_is_too_old_for_the_list(client: Client) -> None:
    listed = client.get("/admin/metrics_hits/hit/?q=/basket/").context["cl"].result_count
    response = client.get("/admin/metrics_hits/hit/export.json?q=/basket/")
    rows = b"".join(response).count(b'"path": "/basket/"')  # type: ignore[arg-type]
    assert rows > listed
    assert rows == Hit.objects.filter(path__startswith="/basket/").count()
