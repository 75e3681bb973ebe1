"""The seed's promise: timings and counts of every request, as metlog messages."""

from __future__ import annotations

import asyncio

import pytest
from django.http import Http404, HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

pytestmark = pytest.mark.urls(__name__)


def hello(request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


def gone(request: HttpRequest) -> HttpResponse:
    raise Http404


urlpatterns = [path("hello/", hello), path("gone/", gone)]


@pytest.fixture(autouse=True)
def through_metlog(settings, client):
    settings.METLOG = client
    settings.STATSD_CLIENT = "django_metrics_statsd.clients.metlog"
    settings.MIDDLEWARE = [
        "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware",
        "django_metrics_statsd.middleware.GraphiteMiddleware",
    ]


def names(messages, kind: str) -> list[str]:
    return sorted(message["fields"]["name"] for message in messages() if message["type"] == kind)


VIEW = f"view.{__name__}"


def test_request_is_counted_and_timed(messages):
    assert Client().get("/hello/").content == b"hello"
    assert names(messages, "counter") == ["response.200"]
    assert names(messages, "timer") == sorted(["view.GET", f"{VIEW}.GET", f"{VIEW}.hello.GET"])
    assert all(float(m["payload"]) >= 0 for m in messages() if m["type"] == "timer")
    assert {message["logger"] for message in messages()} == {"tests"}


def test_missing_page(messages):
    Client().get("/gone/")
    assert names(messages, "counter") == ["response.404"]


def test_async_request(messages):
    response = asyncio.run(AsyncClient().get("/hello/"))
    assert response.status_code == 200
    assert names(messages, "counter") == ["response.200"]
    assert f"{VIEW}.hello.GET" in names(messages, "timer")


def test_failing_sender_leaves_the_site_alone(settings, client, broken):
    client.sender = broken
    assert Client().get("/hello/").status_code == 200
    assert client.telemetry()["dropped"]["sender"] == 4
