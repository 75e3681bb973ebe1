"""``email``, ``smtp`` and ``http`` against servers on loopback: up, refusing, slow, hanging, down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.health.checks import Email, Http, Memory, Smtp
from tests.health_services.outcomes import await_threads, is_reported_late, result_of, state_of
from tests.health_services.peers import MailServer, WebServer, served
from tests.services.harness import free_port

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with served(MailServer()) as server:
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server


@pytest.fixture
def web() -> Iterator[str]:
    with served(WebServer()) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_smtp_says_hello_and_sends_nothing(mail: MailServer) -> None:
    assert state_of(Smtp()) == "ok"
    await_threads()
    assert mail.verbs == ["EHLO", "NOOP", "QUIT"]


def test_smtp_logs_in_where_the_settings_do(mail: MailServer, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "opensesame1"
    assert state_of(Smtp()) == "ok"
    mail.lets_in = False
    refused = result_of(Smtp())
    assert str(refused.state) == "fail"
    assert "535" in refused.message
    assert "opensesame1" not in refused.message + refused.stacktrace


def test_smtp_tells_a_server_that_is_not_well(mail: MailServer) -> None:
    mail.well = False
    assert "421 not today" in result_of(Smtp()).message


def test_smtp_that_hangs_is_late_and_the_thread_comes_back_by_itself(mail: MailServer) -> None:
    mail.hangs.set()
    is_reported_late(Smtp(timeout=0.3, patience=1.0), Memory(warn=0, fail=0))
    await_threads()


def test_smtp_that_is_down_fails(settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", free_port()
    assert state_of(Smtp()) == "fail"


def test_smtp_is_skipped_for_other_backends(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert state_of(Smtp()) == "skipped"


def test_email_sends_one_with_the_headers_of_the_settings(mail: MailServer, settings: Any) -> None:
    settings.WATCHMAN_EMAIL_SENDER = "health@shop.example.com"
    settings.WATCHMAN_EMAIL_RECIPIENTS = ["ops@shop.example.com"]
    settings.WATCHMAN_EMAIL_HEADERS = {"X-Shop": "front"}
    assert state_of(Email()) == "ok"
    text = b"".join(mail.data).decode()
    for line in ("X-DJANGO-WATCHMAN: True", "X-Shop: front", "To: ops@shop.example.com"):
        assert line in text
    assert "From: health@shop.example.com" in text


def test_an_address_that_answers_is_well(web: str) -> None:
    found = result_of(Http(url=f"{web}/200", text="all is well"))
    assert (str(found.state), found.details) == ("ok", {"status": 200})
    assert state_of(Http(url=f"{web}/204", method="HEAD")) == "ok"
    assert state_of(Http(url=f"{web}/404", status=404)) == "ok"
    assert state_of(Http(url=f"{web}/401", status=(200, 401))) == "ok"


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ("/500", {}, "It answered 500"),
        ("/302", {}, "It answered 302"),
        ("/200", {"text": "not there"}, "without 'not there'"),
    ],
)
def test_another_answer_is_a_failure(web: str, path: str, options: Any, message: str) -> None:
    found = result_of(Http(url=web + path, **options))
    assert str(found.state) == "fail"
    assert message in found.message


def test_an_address_that_hangs_is_late_and_the_thread_comes_back_by_itself(web: str) -> None:
    is_reported_late(Http(url=f"{web}/hangs/200", timeout=0.3, patience=1.0), Memory(warn=0, fail=0))
    await_threads()


def test_an_answer_that_drips_is_read_no_longer_than_the_check_may_take(web: str) -> None:
    is_reported_late(Http(url=f"{web}/drips/200", text="never", timeout=0.6), Memory(warn=0, fail=0))
    await_threads()


def test_a_name_and_a_password_in_the_url_are_sent(web: str) -> None:
    there = web.removeprefix("http://")
    assert state_of(Http(url=f"http://shop:open%20sesame@{there}/auth/200")) == "ok"
    assert state_of(Http(url=f"{web}/auth/200")) == "fail"


def test_an_address_that_is_down_fails_and_its_secrets_are_not_shown() -> None:
    check = Http(url=f"http://127.0.0.1:{free_port()}/?token=opensesame1", headers={"X-Key": "opensesame1"})
    found = result_of(check)
    assert str(found.state) == "fail"
    assert "opensesame1" not in found.message + found.stacktrace + repr(check)


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "file:///etc/passwd", "http:///", "javascript:1"])
def test_only_http_has_addresses(url: str) -> None:
    with pytest.raises(TypeError, match="http://"):
        Http(url=url)
    with pytest.raises(TypeError, match="GET or HEAD"):
        Http(url="http://127.0.0.1/", method="DELETE")
