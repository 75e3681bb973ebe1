"""Each request is one hit, sync and async, and says what the old package said."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path as url
from django.urls import resolve

from django_metrics_statsd.hits.events import record_event
from django_metrics_statsd.hits.middleware import HitsMiddleware
from django_metrics_statsd.hits.records import PATH, EventRecord, HitRecord
from django_metrics_statsd.hits.requests import masked
from django_metrics_statsd.hits.testing import Kept, capture_records
from django_metrics_statsd.patches.base import find_patch
from tests import views
from tests.core.test_middleware import get

HITS = "django_metrics_statsd.hits.middleware.HitsMiddleware"
SESSIONS = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def reset(request: HttpRequest, **kwargs: str) -> HttpResponse:
    return HttpResponse("reset")


urlpatterns = [url("reset/<uidb64>/<token>/", reset)]


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.MIDDLEWARE = [HITS]
    return str(request.param)


@pytest.fixture
def records(settings: Any) -> Iterator[Kept]:
    settings.MIDDLEWARE = [HITS]
    with capture_records() as kept:
        yield kept


def one(records: Kept) -> HitRecord:
    hit, *more = records.settle()
    assert more == []
    assert isinstance(hit, HitRecord)
    return hit


def fetch(path: str = "/plain", **extra: Any) -> None:
    Client(raise_request_exception=False).get(path, **extra)


def test_a_request_is_one_hit_with_all_that_is_known(mode: str, records: Kept) -> None:
    before = time.time()
    get(mode, "/plain")
    hit = one(records)
    assert before - 0.1 <= hit.time.timestamp() <= time.time()
    assert 0 < hit.request_time < 5_000
    assert (hit.method, hit.path, hit.route) == ("GET", "/plain", "plain")
    assert (hit.module, hit.view) == ("tests.views", "plain")
    assert (hit.status_code, hit.reason_phrase, hit.doc_size) == (200, "OK", 5)
    assert (hit.site, hit.ip, hit.user) == ("default", "127.0.0.1", "")
    assert (hit.is_authenticated, hit.is_staff, hit.is_superuser) == (False, False, False)
    assert (hit.ua, hit.geo) == (None, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/raises/missing", 404),
        ("/raises/forbidden", 403),
        ("/raises/bad", 400),
        ("/raises/broken", 500),
        ("/nowhere", 404),
    ],
)
def test_what_goes_wrong_is_a_hit_too(mode: str, path: str, status: int, records: Kept) -> None:
    get(mode, path)
    hit = one(records)
    assert hit.status_code == status
    assert hit.view == ("" if path == "/nowhere" else "raises")


@pytest.mark.parametrize(("mode", "path"), [("sync", "/stream"), ("async", "/astream")], indirect=["mode"])
def test_a_stream_is_recorded_at_its_end_with_its_size(mode: str, path: str, records: Kept) -> None:
    _, content = get(mode, path)
    assert one(records).doc_size == len(content) == 3


def test_a_file_is_recorded_with_its_size_and_left_alone(records: Kept, db: None) -> None:
    response = HitsMiddleware(views.file)(RequestFactory().get("/file"))
    file = response.file_to_stream
    assert records.settle() == []
    size = len(b"".join(response))
    response.close()
    assert file.closed
    assert one(records).doc_size == size > 0


def test_a_user_that_the_view_looked_at_is_recorded(settings: Any, records: Kept, db: None) -> None:
    settings.MIDDLEWARE = [HITS, *SESSIONS]
    user = get_user_model().objects.create_superuser("admin", password="secret")
    client = Client()
    client.force_login(user)
    client.get("/who")
    hit = one(records)
    assert (hit.user, hit.is_authenticated, hit.is_staff, hit.is_superuser) == ("admin", True, True, True)


def test_a_user_is_never_loaded_for_us(
    settings: Any, records: Kept, db: None, django_assert_num_queries: Any
) -> None:
    settings.MIDDLEWARE = [HITS, *SESSIONS]
    client = Client()
    client.force_login(get_user_model().objects.create_user("ann"))
    with django_assert_num_queries(0):
        client.get("/plain")
    assert one(records).user == ""


def test_queries_are_counted_without_debug(records: Kept, db: None, settings: Any) -> None:
    settings.DEBUG = False
    patch = find_patch("django_metrics_statsd.patches.db")
    patch.install()
    try:
        fetch("/busy")
    finally:
        patch.uninstall()
    hit = one(records)
    assert hit.num_queries > 0
    assert hit.queries_time > 0


def test_headers_are_recorded_without_what_follows_the_path(records: Kept) -> None:
    fetch(
        "/plain?secret=1",
        headers={"user-agent": "Robot/1.0", "referer": "https://u:p@a.example/search?q=private#x"},
    )
    hit = one(records)
    assert (hit.path, hit.user_agent, hit.referer) == ("/plain", "Robot/1.0", "https://a.example/search")


@pytest.mark.parametrize("referer", ["http://[::1", "\x00\ud800", "x" * 9_000, "//", "http://a\ud800/ü\0"])
def test_hostile_headers_are_cut_and_cleaned(referer: str, records: Kept) -> None:
    request = RequestFactory().get("/" + "p" * 5_000)
    request.META |= {"HTTP_REFERER": referer, "HTTP_USER_AGENT": "\ud800\0" * 9_000, "REMOTE_ADDR": "\0"}
    HitsMiddleware(views.plain)(request)
    hit = one(records)
    assert len(hit.path) == PATH
    assert "\0" not in hit.user_agent + hit.referer
    assert (hit.user_agent + hit.referer).encode()
    assert hit.ip == ""


def test_addresses_of_proxies_are_believed_only_if_trusted(settings: Any) -> None:
    settings.MIDDLEWARE = [HITS]

    def address(**headers: str) -> str:
        with capture_records() as records:
            fetch("/plain", headers=headers)
            return one(records).ip

    assert address(**{"x-forwarded-for": "8.8.8.8"}) == "127.0.0.1"
    settings.WT_TRUSTED_PROXIES = ["127.0.0.0/8", "10.0.0.0/8"]
    assert address(**{"x-forwarded-for": "1.1.1.1, 8.8.8.8:1234, 10.1.2.3"}) == "8.8.8.8"
    assert address(forwarded='for="[2001:db8::7]:4711";proto=https') == "2001:db8::7"
    settings.WT_ANONYMIZE_IP = "truncate"
    assert address(**{"x-forwarded-for": "8.8.8.8"}) == "8.8.8.0"
    settings.WT_ANONYMIZE_IP = "hash"
    hashed = address(**{"x-forwarded-for": "8.8.8.8"})
    assert hashed.startswith("fd")
    assert hashed == address(**{"x-forwarded-for": "8.8.8.8"}) != address(**{"x-forwarded-for": "8.8.4.4"})


def test_excluded_paths_are_beginnings_or_patterns(settings: Any, records: Kept) -> None:
    settings.WT_EXCLUDE = ("/pla", r"^/raises/\w{7}$")
    for path in ("/plain", "/raises/missing", "/raises/broken", "/aplain"):
        fetch(path)
    assert [hit.path for hit in records.settle()] == ["/raises/broken", "/aplain"]


def test_patterns_may_have_groups_of_the_same_name(settings: Any, records: Kept) -> None:
    settings.WT_EXCLUDE = [r"^/(?P<what>pl)ain", r"^/(?P<what>a)plain", r"^/(r)aises/(?P<what>b)\2?"]
    for path in ("/plain", "/aplain", "/raises/broken", "/raises/missing"):
        fetch(path)
    assert [hit.path for hit in records.settle()] == ["/raises/missing"]


def test_parts_of_a_path_that_open_something_are_left_out(settings: Any, records: Kept) -> None:
    settings.ROOT_URLCONF = "tests.hits.test_middleware"
    fetch("/reset/MQ/c1a2b3-secret/")
    hit = one(records)
    assert hit.path == "/reset/***/***/"
    assert hit.route == "reset/<uidb64>/<token>/"


@pytest.mark.parametrize(
    ("path", "captured", "wanted"),
    [
        ("/reset/MQ/abc-1/", {"uidb64": "MQ", "token": "abc-1"}, "/reset/***/***/"),
        ("/v1/items/1/", {"key": 1}, "/v1/items/***/"),
        ("/reset-abc/x", {"token": "abc"}, "/reset-***/x"),
        ("/a.b/axb", {"token": "a.b"}, "/***/axb"),
        ("/open/", {"token": ""}, "/open/"),
        ("/books/7", {"pk": "7"}, "/books/7"),
    ],
)
def test_what_is_left_out_of_a_path(path: str, captured: dict[str, Any], wanted: str) -> None:
    assert masked(path, captured) == wanted


def test_events_leave_the_same_out_of_a_path(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.hits.test_middleware"
    request = RequestFactory().get("/reset/MQ/c1a2b3-secret/")
    request.resolver_match = resolve(request.path_info)
    with capture_records() as records:
        record_event("asked", request=request)
        (event,) = records.settle()
    assert isinstance(event, EventRecord)
    assert event.path == "/reset/***/***/"


def test_a_body_that_cannot_be_measured_is_still_a_hit(records: Kept) -> None:
    HitsMiddleware(lambda request: SimpleTemplateResponse("none.html"))(RequestFactory().get("/x"))
    hit = one(records)
    assert (hit.path, hit.status_code, hit.doc_size) == ("/x", 200, 0)


def test_a_length_that_no_number_holds_is_not_believed(records: Kept, db: None) -> None:
    response = StreamingHttpResponse([b"four"], headers={"Content-Length": "9" * 30})
    answer = HitsMiddleware(lambda request: response)(RequestFactory().get("/"))
    assert b"".join(answer) == b"four"
    answer.close()
    assert one(records).doc_size == 4


def test_a_head_request_has_no_body(records: Kept) -> None:
    Client().head("/plain")
    assert one(records).doc_size == 0


def test_nothing_is_recorded_when_stopped_or_sampled_away(settings: Any, records: Kept) -> None:
    settings.WT_SAMPLE = 0.0
    fetch()
    settings.WT_SAMPLE = 1.0
    settings.WT_STOP = True
    fetch()
    assert records.settle() == []


def test_tests_record_nothing_unless_told() -> None:
    from django_metrics_statsd.hits.conf import conf

    assert conf.WT_STOP


def test_a_sample_is_about_its_share(settings: Any, records: Kept) -> None:
    settings.WT_SAMPLE = 0.5
    for _ in range(200):
        HitsMiddleware(views.plain)(RequestFactory().get("/"))
    assert 50 < len(records.settle()) < 150


def test_fields_can_be_left_out(settings: Any, records: Kept) -> None:
    settings.WT_OMIT = ["ip", "user_agent", "referer", "path", "user", "is_staff"]
    fetch(headers={"user-agent": "x", "referer": "https://a.example/"})
    hit = one(records)
    assert (hit.ip, hit.user_agent, hit.referer, hit.path) == ("", "", "", "")
    assert hit.view == "plain"


@pytest.mark.parametrize("header", ["dnt", "sec-gpc"])
def test_browsers_that_ask_for_privacy_get_it_on_request(settings: Any, header: str, records: Kept) -> None:
    asked = {header: "1", "user-agent": "x", "referer": "https://a.example/"}
    fetch(headers=asked)
    settings.WT_PRIVACY_SIGNALS = "anonymous"
    fetch(headers=asked)
    settings.WT_PRIVACY_SIGNALS = "leave_out"
    fetch(headers=asked)
    named, anonymous = records.settle()
    assert isinstance(named, HitRecord)
    assert isinstance(anonymous, HitRecord)
    assert (named.ip, named.user_agent) == ("127.0.0.1", "x")
    assert (anonymous.ip, anonymous.user_agent, anonymous.referer) == ("", "", "")
    assert anonymous.path == "/plain"


def test_exempt_views_leave_no_hit(records: Kept) -> None:
    for path in ("/quiet", "/quiet-class", "/quiet-view"):
        fetch(path)
    assert records.settle() == []


def test_a_request_that_was_cancelled_is_recorded_as_closed_by_the_client(records: Kept) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(AsyncClient().get("/waits"))
        await views.begins_to_wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert one(records).status_code == 499


def test_an_unusual_method_is_other(records: Kept) -> None:
    Client().generic("BREW", "/plain")
    assert one(records).method == "OTHER"


def test_the_names_of_old_and_new_settings_can_stand_together(settings: Any, records: Kept) -> None:
    settings.SITE_SLUG = "mysite"
    settings.WT_EXCLUDE = ("/path/not/recorded/",)
    fetch()
    fetch("/path/not/recorded/at/all")
    assert one(records).site == "mysite"
