"""The view among a site's middlewares: methods, headers, CSRF, log-in, transactions, and that it is muted."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.views.decorators.cache import never_cache

from django_metrics_statsd.beacon.guards import RateTotal
from django_metrics_statsd.beacon.views import record
from django_metrics_statsd.patches.cache import patch
from django_metrics_statsd.testing import Captured
from tests import settings as project
from tests.core.beacons import (
    FORM,
    MODES,
    TEXT,
    URL,
    URLS,
    T,
    assert_nothing_but,
    refused,
    send,
    stick,
    text,
    times,
    vital,
)

pytestmark = URLS
MARK = "zqxj_mark"


@MODES
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_without_a_beacon(mode: str, method: str, stats: Captured) -> None:
    answer = send(mode, method=method, url=f"{URL}?{stick().decode()}")
    assert (answer.status_code, answer.content, answer["Allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert answer["Cache-Control"] == "no-store"
    stats.assert_nothing()


@MODES
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "BREW", "PROPFIND"])
def test_other_methods(mode: str, method: str, stats: Captured) -> None:
    answer = send(mode, stick(), method=method)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert answer["Cache-Control"] == "no-store"
    assert_nothing_but(stats, method=1)


@MODES
@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        (f"client={MARK}".encode(), FORM, ""),
        (f"client=stick&{T}domComplete={MARK}&{MARK}=1&page={MARK}".encode(), FORM, MARK),
        (b"client=stick&window.performance.navigation.type=" + MARK.encode(), FORM, ""),
        (text({"client": "vitals", "metrics": MARK}), TEXT, ""),
        (text(vital(MARK, 5)), TEXT, "client=vitals"),
        (text(vital("LCP", MARK)), TEXT, "client=vitals"),
        (text(vital("LCP", 5, rating=MARK, navigationType=MARK)), TEXT, "client=vitals"),
        (("{" + MARK).encode(), TEXT, MARK),
        (b"x", f"text/{MARK}", ""),
        (MARK.encode() * 2000, FORM, ""),
        (MARK.encode(), f"multipart/form-data; boundary={MARK}!{{", ""),
    ],
)
def test_no_answer_holds_what_was_sent(
    mode: str, body: bytes, content_type: str, query: str, settings: Any
) -> None:
    for debug in (True, False):
        settings.DEBUG = debug
        answer = send(mode, body, content_type, url=f"{URL}?{query}", Referer=MARK, Origin=MARK)
        assert answer.status_code >= 400
        assert MARK not in answer.content.decode() + repr(answer.headers)
        assert answer["Content-Type"].startswith("text/plain")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"


def test_an_answer_names_at_most_20_fields() -> None:
    from django_metrics_statsd.beacon import fields

    body = "client=stick&" + "&".join(f"{key}=x" for key in fields.TIMING_KEYS)
    answer = send("sync", body.encode())
    assert len(answer.content.splitlines()) == 20


@MODES
@pytest.mark.django_db(transaction=True)
def test_no_cookie_and_no_query_with_everything_on(mode: str, settings: Any) -> None:
    settings.MIDDLEWARE = [
        *project.MIDDLEWARE,
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = connection.settings_dict["ATOMIC_REQUESTS"] = True
    try:
        with CaptureQueriesContext(connection) as queries:
            for body in (stick(), b"junk"):
                answer = send(mode, body, cookies={"sessionid": 32 * "a", "csrftoken": 32 * "b"})
                assert answer.status_code in {204, 400}
                assert not answer.cookies
                assert "Set-Cookie" not in answer.headers
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = connection.settings_dict["ATOMIC_REQUESTS"] = False
    assert not queries.captured_queries


@MODES
def test_nobody_need_be_logged_in(mode: str, settings: Any) -> None:
    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [*project.MIDDLEWARE, login]
    answer = send(mode, stick())
    assert answer.status_code == 204
    assert not answer.cookies


@pytest.mark.django_db
def test_a_session_is_left_as_it_is(settings: Any) -> None:
    settings.MIDDLEWARE = project.MIDDLEWARE
    session = SessionStore()
    session["a"] = 1
    session.save()
    client = Client()
    client.cookies["sessionid"] = session.session_key
    answer = client.post(URL, stick(), content_type=FORM)
    assert answer.status_code == 204
    assert not answer.cookies


@MODES
def test_the_request_is_muted_with_its_guards(mode: str, settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = project.MIDDLEWARE[:2]
    settings.STATSD_RECORD_GUARD = RateTotal(limit=10_000)
    patch.install()
    try:
        assert send(mode, stick()).status_code == 204
        assert send(mode, b"junk").status_code == 400
        assert send(mode, method="HEAD").status_code == 204
        assert send(mode, method="PUT").status_code == 405
    finally:
        patch.uninstall()
    assert times(stats)
    assert refused(stats) == {"client": 1, "method": 1}
    assert all(
        item.stat.startswith(("window.performance.", "django_metrics_statsd.beacon.")) for item in stats
    )


def test_decorators_keep_what_the_view_says_of_itself() -> None:
    wrapped: Any = never_cache(record)
    assert wrapped.csrf_exempt is True
    assert wrapped.login_required is False
    assert "default" in wrapped._non_atomic_requests


def test_a_decorated_view(rf: RequestFactory, stats: Captured) -> None:
    def decorated(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = record(request)
        return response

    assert decorated(rf.post(URL, stick(), content_type=FORM)).status_code == 204
    assert times(stats)[T + "domComplete"] == 275


def test_what_fails_inside_is_no_500(settings: Any, stats: Captured, faults: dict[str, int]) -> None:
    request = RequestFactory().post(URL, stick(), content_type=FORM)
    del request.META["CONTENT_LENGTH"]
    request.read = None  # type: ignore[assignment]
    assert record(request).status_code == 400
    assert_nothing_but(stats, fault=1)
    assert faults == {"beacon": 1}
