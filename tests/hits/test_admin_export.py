"""Downloads of what the admin lists."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client

from django_metrics_statsd.hits.looking import export
from django_metrics_statsd.hits.looking.conditions import Question
from django_metrics_statsd.hits.models import Hit
from tests.hits.admins import save
from tests.hits.samples import event, hit, hits

pytestmark = pytest.mark.django_db

HITS = "/admin/metrics_hits/hit/export."


@pytest.fixture
def client() -> Client:
    """A browser of a superuser."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def body(response: Any) -> str:
    return b"".join(response).decode()


def test_csv_has_every_field_and_the_rows_of_the_list(client: Client) -> None:
    save([hit(path="/one/", status_code=500), hit(path="/two/")])
    response = client.get(HITS + "csv?status=5xx")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith('attachment; filename="hits-')
    [row] = csv.DictReader(io.StringIO(body(response)))
    assert list(row) == [field.attname for field in Hit._meta.concrete_fields]
    assert (row["path"], row["status_code"], row["latitude"]) == ("/one/", "500", "51.5142")
    assert row["time"] == Hit.objects.get(path="/one/").time.isoformat()


def test_json_is_one_array(client: Client) -> None:
    save([event(data={"b": [1, "é"]})])
    response = client.get("/admin/metrics_hits/event/export.json")
    assert response["Content-Type"] == "application/json"
    [row] = json.loads(body(response))
    assert row["data"] == {"b": [1, "é"]}
    assert json.loads(body(client.get(HITS + "json"))) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_is_a_formula(text: str, client: Client) -> None:
    save([hit(user=text)])
    [row] = csv.DictReader(io.StringIO(body(client.get(HITS + "csv")), newline=""))
    assert row["user"] == "'" + text
    assert row["longitude"] == "-0.0931", "numbers stay numbers"


def test_slices_meet_without_a_gap_or_an_overlap(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SLICE", 7)
    records = hits(40)
    for record in records:
        record.time = records[hash(record.path) % 3].time  # many at the same instant
    save(records)
    found = [row["id"] for row in json.loads(body(client.get(HITS + "json")))]
    assert found == [str(pk) for pk in Hit.objects.order_by("-time", "-id").values_list("pk", flat=True)]


def test_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "SLICE", 7)
    save(hits(40))
    question = Question(Hit.objects.all(), Hit.objects.all())
    sizes = [len(found) for found in export.slices(question, 17)]
    assert sizes == [7, 7, 3]
    assert sum(map(len, export.slices(question))) == 40


def test_an_unknown_format_is_not_found(client: Client) -> None:
    assert client.get(HITS + "xls").status_code == 404


def test_the_list_links_to_downloads_of_what_it_shows(client: Client) -> None:
    save([hit()])
    page = client.get("/admin/metrics_hits/hit/?status=2xx&p=1").content.decode()
    for kind in ("csv", "json"):
        assert f'<a href="/admin/metrics_hits/hit/export.{kind}?status=2xx" download>' in page


def test_memory_is_flat(client: Client) -> None:
    save(hits(4_000))
    response: Any = client.get(HITS + "csv")
    parts = iter(response)
    next(parts)
    next(parts)
    tracemalloc.start()
    try:
        for _ in parts:
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8_000_000


@pytest.mark.django_db(transaction=True)
def test_an_event_loop_gets_it_in_parts_too() -> None:
    import asyncio

    save(hits(2_500))
    user = User.objects.create_superuser("root")

    async def read() -> list[bytes]:
        client = AsyncClient()
        await client.aforce_login(user)
        response: Any = await client.get(HITS + "csv")
        assert response.is_async
        return [part async for part in response]

    parts = asyncio.run(read())
    assert len(parts) == 3
    assert b"".join(parts).count(b"\n") == 2_501
